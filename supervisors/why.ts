/** `why ASSET`: what the trader says of its last signals, joined with what the governor says of the orders that came of them. */
import type { Refusal } from '#trading/model/events.ts';
import type { Asset, Mode } from '#trading/model/instrument.ts';
import type { Gate, OrderGates, WhyAnswer, WhyChain } from '#trading/model/why.ts';
import type { WhyNot } from '#trading/trader/why.ts';

export interface WhySources {
  /** By symbol. */
  readonly traders: readonly Readonly<Record<string, WhyNot>>[];
  readonly orders: readonly OrderGates[];
  /** Why a mode may only close; null where it may enter. */
  readonly modes: readonly { readonly mode: Mode; readonly closeOnly: Refusal | null }[];
}

/** Paper first, then live. A mode whose trader does not run has no signals: then what keeps it from entering, and its last order. */
export function whyAnswer(asset: Asset, { traders, orders, modes }: WhySources): WhyAnswer {
  const running = traders.flatMap((symbols) => Object.entries(symbols).map(([symbol, why]) => chainOf(asset, symbol, why, orders)));
  const symbols = [...new Set(running.map(({ symbol }) => symbol))];
  const resting = modes
    .filter(({ mode }) => !running.some((chain) => chain.mode === mode))
    .flatMap(({ mode, closeOnly }) => (closeOnly === null ? [] : symbols.map((symbol) => restingChain(asset, mode, symbol, closeOnly, orders))));
  const chains = [...running, ...resting];
  const note = traders.length > 0 ? null : `no trader runs for ${asset}: nothing of it is traded in this run`;
  return { asset, chains, note };
}

function chainOf(asset: Asset, symbol: string, { mode, last, gates, quoteGate }: WhyNot, orders: readonly OrderGates[]): WhyChain {
  const clientOrderId = last?.clientOrderId ?? null;
  const order = orders.find((other) => (clientOrderId === null ? isAlone(other, symbol, mode, last) : other.clientOrderId === clientOrderId));
  const unheard = clientOrderId !== null && order === undefined ? [unknownVerdict(symbol, last)] : [];
  // A quote that came after the signal and may not be used stops the next one.
  const now = last !== null && quoteGate !== null ? [quoteNow(quoteGate)] : [];
  return { asset, mode, symbol, signalAt: last?.at ?? null, clientOrderId, gates: [...gates, ...(order?.gates ?? []), ...unheard, ...now] };
}

function restingChain(asset: Asset, mode: Mode, symbol: string, closeOnly: Refusal, orders: readonly OrderGates[]): WhyChain {
  const order = orders.find((other) => other.symbol === symbol && other.mode === mode);
  const { code, rule, numbers, sentence } = closeOnly;
  const gate: Gate = { gate: 'mode', rule, by: 'governor', outcome: 'stopped', numbers: { code, ...numbers }, sentence };
  return { asset, mode, symbol, signalAt: null, clientOrderId: order?.clientOrderId ?? null, gates: [...(order?.gates ?? []), gate] };
}

/** After a restart the trader remembers no signal, while the journal still knows the last order. */
const isAlone = (order: OrderGates, symbol: string, mode: Mode, last: WhyNot['last']): boolean =>
  last === null && order.symbol === symbol && order.mode === mode;

function unknownVerdict(symbol: string, last: WhyNot['last']): Gate {
  const gate = last?.gate ?? null;
  if (gate === null) {
    return {
      gate: 'verdict',
      rule: 'RK-1',
      by: 'governor',
      outcome: 'waiting',
      numbers: {},
      sentence: `${symbol}: the governor has not decided yet`,
    };
  }
  const { code, rule, numbers, sentence } = gate;
  return { gate: 'verdict', rule, by: 'governor', outcome: 'stopped', numbers: { code, ...numbers }, sentence };
}

function quoteNow({ code, rule, numbers, sentence }: NonNullable<WhyNot['quoteGate']>): Gate {
  return { gate: 'quote now', rule, by: 'trader', outcome: 'stopped', numbers: { code, ...numbers }, sentence };
}
