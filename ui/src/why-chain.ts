/** The gates of one signal as the page tells them: where it ended, and who asked. */
import type { Gate, GateOutcome, WhyChain } from '#trading/model/why.ts';

export const OUTCOME_MARK: Readonly<Record<GateOutcome, string>> = { passed: '✓', stopped: '✕', waiting: '…', skipped: '–' };
const BY_NAME: Readonly<Record<Gate['by'], string>> = { trader: 'Trader', governor: 'Governor', execution: 'Execution' };

export interface Stage {
  readonly name: string;
  readonly gates: readonly Gate[];
}

/** Gates that stand together because the same one asked them, in their order. */
export function stagesOf(gates: readonly Gate[]): readonly Stage[] {
  const stages: { name: string; gates: Gate[] }[] = [];
  for (const gate of gates) {
    const last = stages.at(-1);
    if (last?.gates[0]?.by === gate.by) last.gates.push(gate);
    else stages.push({ name: BY_NAME[gate.by], gates: [gate] });
  }
  return stages;
}

export interface Ending {
  readonly outcome: GateOutcome;
  readonly line: string;
}

/** In one line: the gate that stopped it, what is waited for, or how far it came. */
export function endingOf({ gates }: Pick<WhyChain, 'gates'>): Ending {
  const stop = gates.find(({ outcome }) => outcome === 'stopped');
  if (stop !== undefined) return { outcome: 'stopped', line: `Stopped at “${stop.gate}” (${stop.rule})` };
  const last = gates.at(-1);
  if (last === undefined) return { outcome: 'waiting', line: 'Nothing happened yet' };
  const passed = gates.filter(({ outcome }) => outcome === 'passed').length;
  if (last.outcome === 'waiting') return { outcome: 'waiting', line: `Waiting at “${last.gate}” (${last.rule})` };
  return { outcome: 'passed', line: `${passed} gates passed, down to “${last.gate}”` };
}
