/**
 * Expiry, exercise and assignment. TWS sends no message of them: in the night after, about 02:30 in New York, the position is another one (venues/ibkr,
 * "US options").
 */
import {
  isZero,
  isNegative,
  lessThan,
  money,
  negate,
  price,
  qty,
  ratio,
  scale,
  subtract,
  absolute,
  type Price,
  type Qty,
} from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Contract, Contracts } from './contracts.ts';
import type { TwsExchange } from './exchange.ts';
import { addDays, newYork, newYorkInstant } from './hours.ts';
import type { Market } from './market.ts';
import { expiryOf } from './option-model.ts';

/** What waits for the night: an option that is over, with the share's price then, or a holder's wish. */
export type Settling<C = Contract> = { readonly contract: C; readonly due: Instant } & (
  { readonly kind: 'ended'; readonly spot: Price | null } | { readonly kind: 'wish'; readonly quantity: Qty } | { readonly kind: 'lapse' }
);

export interface SettlementPorts {
  readonly contracts: Contracts;
  readonly exchange: TwsExchange;
  readonly market: Market;
  moved(contract: Contract): void;
  /** The contract trades no more. */
  expired(contract: Contract): void;
}

const HUNDRED = ratio('100');
const NIGHT_HOUR = 2;
const NIGHT_MINUTE = 30;
/** What is in the money by this much is exercised by itself (OCC Rule 805). */
const IN_THE_MONEY_MIN = money('0.01');
const NOTHING = price('0');

export class Settlement {
  readonly #ports: SettlementPorts;
  /** By conId. */
  readonly #ended = new Map<number, Extract<Settling, { kind: 'ended' }>>();
  readonly #asked: Extract<Settling, { kind: 'wish' }>[] = [];
  readonly #lapsed = new Map<number, Extract<Settling, { kind: 'lapse' }>>();

  constructor(ports: SettlementPorts) {
    this.#ports = ports;
  }

  /** A holder's wish: exercised in the coming night, or not at all. */
  exercise(contract: Contract, quantity: Qty, lapse: boolean, now: Instant): void {
    const due = nightAfter(now);
    if (lapse) this.#lapsed.set(contract.conId, { kind: 'lapse', contract, due });
    else this.#asked.push({ kind: 'wish', contract, quantity, due });
  }

  /** Somebody exercised against a short position. The change comes at once. */
  assign(contract: Contract, quantity: Qty): void {
    this.#exchange(contract, negate(quantity));
  }

  waiting(): Iterable<Settling> {
    return [...this.#ended.values(), ...this.#asked, ...this.#lapsed.values()];
  }

  recall(waiting: readonly Settling[]): void {
    this.#ended.clear();
    for (const each of waiting) {
      if (each.kind === 'ended') this.#ended.set(each.contract.conId, each);
      else if (each.kind === 'lapse') this.#lapsed.set(each.contract.conId, each);
      else this.#asked.push(each);
    }
  }

  onTime(now: Instant): void {
    for (const { contract } of this.#ports.exchange.positions()) this.#watch(contract, now);
    for (const contract of this.#ports.exchange.worked()) this.#watch(contract, now);
    for (const [conId, { contract, spot, due }] of this.#ended) {
      if (due > now) continue;
      this.#ended.delete(conId);
      this.#settle(contract, spot);
    }
    for (const wish of this.#asked.filter(({ due }) => due <= now)) {
      this.#asked.splice(this.#asked.indexOf(wish), 1);
      const held = this.#ports.exchange.position(wish.contract.conId);
      if (held !== undefined && !lessThan(held.qty, wish.quantity)) this.#exchange(wish.contract, wish.quantity);
    }
  }

  #watch(contract: Contract, now: Instant): void {
    if (contract.secType !== 'OPT' || this.#ended.has(contract.conId)) return;
    const expiry = expiryOf(contract);
    if (now < expiry) return;
    const share = this.#ports.contracts.byId(contract.underlyingConId);
    const spot = share === undefined ? null : this.#ports.market.mark(share);
    this.#ended.set(contract.conId, { kind: 'ended', contract, spot, due: nightAfter(expiry) });
    this.#ports.expired(contract);
  }

  #settle(contract: Contract, spot: Price | null): void {
    const held = this.#ports.exchange.position(contract.conId);
    if (held === undefined) return;
    const inside = spot === null ? NOTHING : contract.right === 'C' ? subtract(spot, contract.strike) : subtract(contract.strike, spot);
    const worth = !lessThan(money(inside), IN_THE_MONEY_MIN);
    const lapses = this.#lapsed.has(contract.conId) && !isNegative(held.qty);
    if (worth && !lapses) this.#exchange(contract, held.qty);
    else this.#drop(contract, held.qty);
  }

  /** `quantity` options of a long holder (negative: of a short one) turn into shares at the strike. */
  #exchange(contract: Contract, quantity: Qty): void {
    if (isZero(quantity)) return;
    this.#drop(contract, quantity);
    const share = this.#ports.contracts.byId(contract.underlyingConId);
    if (share === undefined) return;
    const shares = scale(absolute(quantity), HUNDRED);
    const receives = (contract.right === 'C') !== isNegative(quantity);
    this.#ports.exchange.deliver(share, receives ? shares : negate(shares), contract.strike);
    this.#ports.moved(share);
  }

  #drop(contract: Contract, quantity: Qty): void {
    this.#ports.exchange.deliver(contract, negate(qty(quantity)), NOTHING);
    this.#ports.moved(contract);
  }
}

/** The next 02:30 in New York. */
function nightAfter(at: Instant): Instant {
  const today = newYorkInstant(newYork(at).date, NIGHT_HOUR, NIGHT_MINUTE);
  return today > at ? today : newYorkInstant(addDays(newYork(at).date, 1), NIGHT_HOUR, NIGHT_MINUTE);
}
