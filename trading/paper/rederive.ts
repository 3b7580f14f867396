/** VF-1: derives a paper fill again from its proof, its order and the rules in force. Nothing of what the fill claims is taken on trust. */
import { checkBracket, clampBracket } from '../execution/clamp.ts';
import { checkQuote, quoteAge } from '../market/freshness.ts';
import { add, isPositive, smaller, ZERO_QTY, type Price, type Qty } from '../money/decimal.ts';
import type { EventBody, StopTrailed } from '../model/events.ts';
import type { Commission, Instrument } from '../model/instrument.ts';
import { opposite, type Bracket, type Fill, type OrderIntent, type PaperDraws, type PaperProof, type Side } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Settings } from '../model/settings.ts';
import { drawOrder, drawTriggered } from './draws.ts';
import { legPrice, orderFillId, triggeredFillId } from './fill.ts';
import { isRungFill, legAt, trailedStop, type Leg, type Protection, type TriggeredReason } from './legs.ts';
import { depthPrice, feeOf, filledQty, isWorse, takerPrice, termsFor, touch, type PaperTerms } from './price.ts';
import { termsOf } from './state.ts';

/** What the journal says around a fill. `instrument` and `settings` are those in force when the order was accepted. */
export interface RederiveContext {
  readonly intent: OrderIntent;
  readonly accepted: Pick<EventBody<'order.accepted'>, 'qty' | 'draws' | 'acceptedAt' | 'dueAt'>;
  readonly instrument: Instrument | undefined;
  readonly settings: Settings | null;
  /** The seed of the run that recorded the fill; null where the journal does not say. */
  readonly seed: string | null;
  /** What the position held just before the fill; zero where there was none. */
  readonly held: Qty;
  readonly progress: BracketProgress;
}

/** What the journal says of the bracket of an entry before the record at hand. */
export interface BracketProgress {
  /** The fills of the entry itself, summed. */
  readonly entryQty: Qty;
  /** The fills of its bracket. */
  readonly exits: readonly Fill[];
  /** Where the trailing stop was moved to last; null where it was not. */
  readonly trailedStop: Price | null;
}

/**
 * What does not follow, as sentences; empty where the fill is proven.
 * @throws RangeError where the instrument itself is none, such as a tick of zero.
 */
export function rederiveFill(fill: Fill, context: RederiveContext): string[] {
  const proof = fill.paper;
  const { instrument, settings } = context;
  if (proof === null) return ['it carries no paper proof'];
  if (settings === null) return ['it was accepted before any settings were loaded'];
  if (instrument === undefined) return [`${fill.symbol} was not in the catalog when it was accepted`];
  if (!isUsable(proof.pricedOn)) return [`it is priced on a quote of bid ${proof.pricedOn.bid} and ask ${proof.pricedOn.ask}`];
  const base = termsOf(instrument, settings.paper);
  const { reason } = fill;
  if (reason === 'entry' || reason === 'exit') {
    const wanted = reason === 'exit' ? smaller(context.accepted.qty, context.held) : context.accepted.qty;
    const scene: Scene = { ...context, fill, proof, settings, instrument, wanted, terms: termsFor(wanted, base) };
    return [...commonProblems(scene), ...orderProblems(scene)];
  }
  const stood = bracketAt(reason, proof.pricedOn, context, instrument, base);
  if (stood === null) return [`it is for ${reason}, but its order has no bracket`];
  const wanted = stood.leg.qty;
  const scene: Scene = { ...context, fill, proof, settings, instrument, wanted, terms: termsFor(wanted, base) };
  return [...commonProblems(scene), ...triggeredProblems(scene, reason, stood)];
}

interface Scene extends RederiveContext {
  readonly fill: Fill;
  readonly proof: PaperProof;
  readonly settings: Settings;
  readonly instrument: Instrument;
  readonly terms: PaperTerms;
  /** What the order, or the bracket of what is held, asked for. */
  readonly wanted: Qty;
}

function commonProblems({ fill, proof, intent, accepted, settings, instrument, seed, terms }: Scene): string[] {
  const { pricedOn } = proof;
  const drawn = drawOrder(accepted.draws.seed, intent.clientOrderId, settings.paper);
  return [
    ...differences('the order was accepted with', drawNumbers(accepted.draws), drawNumbers(drawn)),
    ...differences('', { dueAt: accepted.dueAt }, { dueAt: accepted.acceptedAt + accepted.draws.latencyMs }),
    ...(seed !== null && proof.draws.seed !== seed ? [`it was drawn with seed ${proof.draws.seed}, the run's is ${seed}`] : []),
    ...differences('its proof has', rates(proof), rates(terms)),
    ...differences('its quote is of', marketOf(pricedOn), { broker: instrument.broker, asset: intent.asset, symbol: intent.symbol }),
    ...differences('', { mode: fill.mode, clientOrderId: fill.clientOrderId }, { mode: 'paper', clientOrderId: intent.clientOrderId }),
    ...differences('', { fee: fill.fee }, { fee: feeOf(fill.price, fill.qty, terms) }),
  ];
}

/** A fill after a latency: entries and exits. */
function orderProblems({ fill, proof, intent, accepted, settings, terms, wanted }: Scene): string[] {
  const { pricedOn } = proof;
  const { snapshot, side, kind } = intent;
  const taken = takerPrice(side, pricedOn, terms);
  const qty = filledQty(wanted, accepted.draws.fillFraction, taken, kind, terms);
  const price = depthPrice(taken, side, pricedOn, qty, terms);
  const ageMs = quoteAge(snapshot, accepted.acceptedAt);
  const expected = { fillId: orderFillId(intent.clientOrderId), side, reason: kind, price, qty, filledAt: accepted.dueAt };
  const { fillId, reason, filledAt } = fill;
  return [
    ...differences('', { fillId, side: fill.side, reason, price: fill.price, qty: fill.qty, filledAt }, expected),
    ...differences('its proof has', drawNumbers(proof.draws), drawNumbers(accepted.draws)),
    ...differences('its proof has', { triggerPrice: String(proof.triggerPrice) }, { triggerPrice: 'null' }),
    ...(ageMs > settings.risk.quoteAgeMsMax ? [`its snapshot was ${ageMs} ms old when it was submitted (QS-1)`] : []),
    ...(isPositive(wanted) ? [] : ['there was nothing to close']),
    ...windowProblems(pricedOn, snapshot, accepted.dueAt),
    ...(isWorse(side, snapshot, pricedOn) ? [`it was priced on ${touch(side, pricedOn)}, better than its snapshot's ${touch(side, snapshot)}`] : []),
  ];
}

/** The snapshot itself, or a quote between it and the end of the latency. */
function windowProblems(pricedOn: QuoteSnapshot, snapshot: QuoteSnapshot, dueAt: number): string[] {
  if (pricedOn.id === snapshot.id) {
    const isSame = (Object.keys(snapshot) as (keyof QuoteSnapshot)[]).every((key) => pricedOn[key] === snapshot[key]);
    return isSame ? [] : [`it is priced on ${pricedOn.id}, which the intent holds with other numbers`];
  }
  const first = snapshot.exchangeAt;
  const last = Math.max(pricedOn.exchangeAt, pricedOn.receivedAt);
  if (pricedOn.exchangeAt < first) return [`it is priced on a quote of ${pricedOn.exchangeAt}, before its snapshot of ${first}`];
  return last > dueAt ? [`it is priced on a quote of ${last}, after it was due at ${dueAt}`] : [];
}

/** The bracket as it stood when the fill was made, and the leg of it that the quote touched. */
interface Stood {
  readonly initial: Bracket;
  readonly leg: Leg;
  readonly isTouched: boolean;
}

function bracketAt(
  reason: TriggeredReason,
  pricedOn: QuoteSnapshot,
  context: RederiveContext,
  instrument: Instrument,
  terms: PaperTerms,
): Stood | null {
  const { intent, accepted, held, progress } = context;
  if (intent.kind !== 'entry' || intent.bracket === null) return null;
  const initial = clampBracket(intent.side, intent.bracket, instrument, accepted.qty).value;
  const protection = protectionOf(initial, intent.side, held, progress, terms);
  const touched = legAt(protection, pricedOn);
  const isTouched = touched?.reason === reason;
  return { initial, isTouched, leg: isTouched ? touched : { reason, triggerPrice: priceOf(reason, protection.bracket), qty: held } };
}

/** A fill of the bracket or of a flatten: the quote must have triggered it. */
function triggeredProblems(
  { fill, proof, intent, accepted, settings, instrument, held, terms }: Scene,
  reason: TriggeredReason,
  stood: Stood,
): string[] {
  const { pricedOn } = proof;
  const { initial, leg, isTouched } = stood;
  const side = opposite(intent.side);
  const number = numberOf(fill.fillId, intent.clientOrderId);
  const drawn = drawTriggered(proof.draws.seed, fill.fillId, settings.paper);
  const taken = legPrice(leg, side, pricedOn, terms);
  const qty = filledQty(leg.qty, drawn.fillFraction, taken, 'exit', terms);
  const price = depthPrice(taken, side, pricedOn, qty, terms);
  const trigger = String(leg.triggerPrice);
  const stale = checkQuote(pricedOn, null, settings.risk, fill.filledAt);
  return [
    ...differences('', { side: fill.side, price: fill.price, qty: fill.qty }, { side, price, qty }),
    ...differences('its proof has', drawNumbers(proof.draws), drawNumbers(drawn)),
    ...differences('its proof has', { triggerPrice: String(proof.triggerPrice) }, { triggerPrice: trigger }),
    ...(number === null ? [`${fill.fillId} is not the name of a fill of ${intent.clientOrderId}'s bracket`] : []),
    ...(checkBracket(intent.side, initial, touch(intent.side, intent.snapshot), instrument) === null ? [] : ['its bracket is on the wrong side']),
    ...(held === ZERO_QTY ? ['there was nothing to close'] : []),
    ...(reason === 'flatten' || isTouched ? [] : [`bid ${pricedOn.bid} and ask ${pricedOn.ask} do not trigger the ${reason} at ${trigger}`]),
    ...(pricedOn.exchangeAt < accepted.dueAt ? [`it is priced on a quote of ${pricedOn.exchangeAt}, before its entry of ${accepted.dueAt}`] : []),
    ...(stale === null ? [] : [stale.sentence]),
  ];
}

function priceOf(reason: TriggeredReason, { stopLoss, takeProfit }: Bracket): Price | null {
  return reason === 'flatten' ? null : reason === 'stop_loss' ? stopLoss : takeProfit;
}

/** The bracket as it stood: its stop where it was moved to, and what its rungs had sold. */
function protectionOf(initial: Bracket, side: Side, held: Qty, { entryQty, exits, trailedStop }: BracketProgress, terms: PaperTerms): Protection {
  const bracket = { ...initial, stopLoss: trailedStop ?? initial.stopLoss };
  const rungs = exits.filter((exit) => isRungFill(exit, initial));
  return { side, qty: held, bracket, entryQty, rungsQty: add(ZERO_QTY, ...rungs.map(({ qty }) => qty)), terms };
}

/**
 * Derives a move of a trailing stop again; what does not follow, as sentences. That no move was left out cannot be seen: quotes are not journaled.
 * @throws RangeError as `rederiveFill` does.
 */
export function rederiveTrail(moved: StopTrailed, context: Omit<RederiveContext, 'seed'>): string[] {
  const { intent, accepted, instrument, settings, held, progress } = context;
  const { pricedOn, stopLoss, trailedAt } = moved;
  if (settings === null) return ['its entry was accepted before any settings were loaded'];
  if (instrument === undefined) return [`${moved.symbol} was not in the catalog when its entry was accepted`];
  if (intent.kind !== 'entry' || intent.bracket?.trailing === undefined) return [`the bracket of ${intent.clientOrderId} has no trailing stop`];
  if (!isUsable(pricedOn)) return [`it is priced on a quote of bid ${pricedOn.bid} and ask ${pricedOn.ask}`];
  const initial = clampBracket(intent.side, intent.bracket, instrument, accepted.qty).value;
  const { bracket } = protectionOf(initial, intent.side, held, progress, termsOf(instrument, settings.paper));
  const follows = trailedStop(intent.side, bracket, pricedOn, instrument.tickSize);
  const stale = checkQuote(pricedOn, null, settings.risk, trailedAt);
  return [
    ...(follows === null
      ? [`bid ${pricedOn.bid} and ask ${pricedOn.ask} do not move the stop, which is at ${bracket.stopLoss}, to ${stopLoss}`]
      : differences('', { stopLoss }, { stopLoss: follows })),
    ...differences('its quote is of', marketOf(pricedOn), { broker: instrument.broker, asset: intent.asset, symbol: intent.symbol }),
    ...(pricedOn.exchangeAt < accepted.dueAt ? [`it is priced on a quote of ${pricedOn.exchangeAt}, before its entry of ${accepted.dueAt}`] : []),
    ...(stale === null ? [] : [stale.sentence]),
  ];
}

const FILL_NUMBER = /^[1-9]\d{0,8}$/;

function numberOf(fillId: string, clientOrderId: string): number | null {
  const text = fillId.slice(triggeredFillId(clientOrderId, 0).length - 1);
  return FILL_NUMBER.test(text) && fillId === triggeredFillId(clientOrderId, Number(text)) ? Number(text) : null;
}

/** QS-2 for a quote out of the journal: sizes of numbers only, its age is judged where it was used. */
function isUsable({ bid, ask }: QuoteSnapshot): boolean {
  return isPositive(bid) && isPositive(ask) && Number(bid) <= Number(ask);
}

const drawNumbers = ({ seed, latencyMs, fillFraction }: PaperDraws) => ({ seed, latencyMs, fillFraction });
const marketOf = ({ broker, asset, symbol }: QuoteSnapshot) => ({ broker, asset, symbol });

function rates({
  slippageBps,
  takerFee,
  tickSize,
  lotSize,
  multiplier,
  commission,
}: Pick<PaperProof, 'slippageBps' | 'takerFee' | 'tickSize' | 'lotSize' | 'multiplier'> & { readonly commission?: Commission | null }) {
  return { slippageBps, takerFee, tickSize, lotSize, multiplier, commission: JSON.stringify(commission ?? null) };
}

function differences<T extends Readonly<Record<string, string | number>>>(lead: string, actual: T, expected: T): string[] {
  return Object.entries(expected)
    .filter(([key, value]) => actual[key] !== value)
    .map(([key, value]) => `${lead === '' ? '' : `${lead} `}${key} ${String(actual[key])}, it follows as ${value}`);
}
