/** What a venue may do to whoever trades on it: lost and late requests and answers, misleading codes, blind spots, doubled and missing events. */

/** Each spoils the next private or order request whose path contains the target. The value is milliseconds or a code. */
export const REQUEST_FAULTS = [
  'drop-before',
  'drop-reply',
  'hang-body',
  'cut-body',
  'late-reply',
  'late-delivery',
  'code',
  'code-after',
  'http',
  'nameless-reply',
] as const;
/** On or off. */
export const SWITCH_FAULTS = [
  'silent-private',
  'duplicate-fills',
  'maintenance',
  'cancel-race',
  'missing-field',
  'link-reuse',
  'dcp',
  'ban',
  'refuse-login',
  'isolated-margin',
  'nameless-legs',
  'thin-book',
  'two-way',
] as const;
/** Milliseconds; 0 is off. */
export const AMOUNT_FAULTS = ['skew', 'history-lag', 'realtime-lag', 'stream-lag', 'subscribe-lag'] as const;

export type RequestFault = (typeof REQUEST_FAULTS)[number];
export type SwitchFault = (typeof SWITCH_FAULTS)[number];
export type AmountFault = (typeof AMOUNT_FAULTS)[number];

export interface Spoil {
  readonly fault: RequestFault;
  readonly target: string;
  readonly value: number;
}

const WAITING_MAX = 100;
const VALUE_MAX = 86_400_000;
export const NEEDS_VALUE: readonly string[] = ['late-reply', 'late-delivery', 'code', 'code-after', 'http'];

export class Misdeeds {
  #waiting: Spoil[] = [];
  readonly #on = new Set<SwitchFault>();
  readonly #amounts = new Map<AmountFault, number>();
  /** A switch is turned. @throws RangeError where it cannot be. */
  onSwitch: (fault: SwitchFault, on: boolean) => void = () => undefined;

  knows(name: string): boolean {
    return [...REQUEST_FAULTS, ...SWITCH_FAULTS, ...AMOUNT_FAULTS].some((known) => known === name);
  }

  /**
   * `drop-reply order/create`, `code order/create 10016`, `late-delivery * 1500`, `history-lag 2000`, `silent-private on`.
   * @throws RangeError where it is not understood.
   */
  inject(name: string, target: string, value: string): object {
    const request = REQUEST_FAULTS.find((known) => known === name);
    if (request !== undefined) return this.#await(request, target, value);
    const amount = AMOUNT_FAULTS.find((known) => known === name);
    if (amount !== undefined) {
      const ms = whole(target, amount === 'skew');
      this.#amounts.set(amount, ms);
      return { fault: amount, ms };
    }
    const found = SWITCH_FAULTS.find((known) => known === name);
    if (found === undefined || (target !== 'on' && target !== 'off'))
      throw new RangeError(`fault ${name} ${JSON.stringify(target.slice(0, 20))}: must be on or off`);
    // Where the switch cannot be turned, it stays.
    this.onSwitch(found, target === 'on');
    if (target === 'on') this.#on.add(found);
    else this.#on.delete(found);
    return { fault: found, on: target === 'on' };
  }

  /** Takes the fault that waits for this path, where one does. */
  next(path: string): Spoil | null {
    if (this.#waiting.length === 0) return null;
    const found = this.#waiting.find(({ target }) => target === '*' || path.includes(target));
    if (found === undefined) return null;
    this.#waiting = this.#waiting.filter((entry) => entry !== found);
    return found;
  }

  is(fault: SwitchFault): boolean {
    return this.#on.has(fault);
  }

  ms(fault: AmountFault): number {
    return this.#amounts.get(fault) ?? 0;
  }

  #await(fault: RequestFault, target: string, text: string): Spoil {
    const value = text === '' && !NEEDS_VALUE.includes(fault) ? 0 : whole(text, false);
    if (fault === 'http' && (value < 400 || value > 599)) throw new RangeError(`http ${value}: must be a status from 400 to 599`);
    if (this.#waiting.length >= WAITING_MAX) throw new RangeError(`${WAITING_MAX} faults wait already`);
    const spoil = { fault, target, value };
    this.#waiting.push(spoil);
    return spoil;
  }
}

function whole(text: string, signed: boolean): number {
  const value = /^-?\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(Math.abs(value) <= VALUE_MAX) || (value < 0 && !signed))
    throw new RangeError(`${JSON.stringify(text.slice(0, 20))}: must be a whole number up to ${VALUE_MAX}`);
  return value;
}
