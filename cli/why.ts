/** `why ASSET` as a person reads it: one line a gate, what decided, and by which numbers. */
import type { Gate, GateOutcome, WhyAnswer } from '#trading/model/why.ts';

const MARK: Readonly<Record<GateOutcome, string>> = { passed: '✓', stopped: '✕', waiting: '…', skipped: '–' };
const GATE_WIDTH = 19;
const RULE_WIDTH = 5;
const BY_WIDTH = 9;

export function whyText({ asset, chains, note }: WhyAnswer): string {
  if (note !== null) return `${asset}: ${note}`;
  return chains
    .map(({ mode, symbol, signalAt, gates }) => {
      const when = signalAt === null ? 'no signal since the start' : `signal at ${new Date(signalAt).toISOString()}`;
      return [`${symbol} (${asset} ${mode}), ${when}`, ...gates.map(line)].join('\n');
    })
    .join('\n\n');
}

function line({ gate, rule, by, outcome, numbers, sentence }: Gate): string {
  const shown = Object.entries(numbers).map(([name, value]) => `${name}=${value}`);
  const head = `  ${MARK[outcome]} ${by.padEnd(BY_WIDTH)} ${gate.padEnd(GATE_WIDTH)} ${rule.padEnd(RULE_WIDTH)} ${sentence}`;
  return shown.length === 0 ? head : `${head}  [${shown.join(' ')}]`;
}
