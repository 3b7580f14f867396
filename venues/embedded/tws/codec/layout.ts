/**
 * A message as a list of parts, each with its place, its form and the server versions that have it. One list both writes and reads, so the two
 * cannot drift apart. Pure.
 */

/** What the wire writes for a double, an integer or a long that has no value: Java's largest. */
export const UNSET_DOUBLE = '1.7976931348623157E308';
export const UNSET_INT = '2147483647';
export const UNSET_LONG = '9223372036854775807';

const INTEGER = /^-?\d{1,19}$/;
const DECIMAL = /^-?\d+(\.\d+)?(e[+-]?\d{1,3})?$/i;
const DECIMAL_CHARACTERS_MAX = 400;
const ROWS_MAX = 10_000;

/** The frame does not say what its layout says. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** One field's form: how a value is written, and what the text means. */
export interface Form<T> {
  /** What stands where a version has no such field. */
  readonly unset: T;
  write(value: T): string;
  /** @throws WireError where the text is not of the form. */
  read(text: string): T;
}

export const TEXT: Form<string> = { unset: '', write: (value) => value, read: (text) => text };

/** Written 1 or 0; empty reads as false. */
export const FLAG: Form<boolean> = {
  unset: false,
  write: (value) => (value ? '1' : '0'),
  read: (text) => !(text === '' || text === '0' || text.toLowerCase() === 'false'),
};

/** Empty reads as 0. */
export const INT: Form<number> = { unset: 0, write: String, read: (text) => (text === '' ? 0 : integerOf(text)) };

/** Decimal text; empty reads as 0. */
export const DECIMAL_TEXT: Form<string> = { unset: '0', write: (value) => decimalOf(value), read: (text) => (text === '' ? '0' : decimalOf(text)) };

/** An integer that may have no value, written as `absent`. */
export function optionalInt(absent: '' | typeof UNSET_INT | typeof UNSET_LONG): Form<number | null> {
  return {
    unset: null,
    write: (value) => (value === null ? absent : String(value)),
    read: (text) => (text === '' || text === UNSET_INT || text === UNSET_LONG ? null : integerOf(text)),
  };
}

/** Decimal text that may have no value, written as `absent`. */
export function optionalDecimal(absent: '' | typeof UNSET_DOUBLE | '0.0'): Form<string | null> {
  return {
    unset: null,
    write: (value) => (value === null ? absent : decimalOf(value)),
    read: (text) => (text === '' || text === absent || Number(text) === Number.MAX_VALUE ? null : decimalOf(text)),
  };
}

type Values = Record<string, unknown>;

/** `name` is '' for parts that carry no value. */
export interface Part<N extends string, T> {
  readonly name: N;
  readonly unset: T;
  write(row: Readonly<Values>, cells: string[], version: number): void;
  read(cells: Cells, row: Values, version: number): void;
}

/** The value of a list of parts. */
export type RowOf<P extends readonly Part<string, unknown>[]> = {
  readonly [X in P[number] as X['name'] extends '' ? never : X['name']]: X extends Part<string, infer T> ? T : never;
};

export interface Presence {
  /** The first server version that has it. */
  readonly since?: number;
  /** The first server version that has it no more. */
  readonly until?: number;
  /** Judged by what stands before it in the message. */
  readonly when?: (row: Readonly<Values>) => boolean;
}

export function field<N extends string, T>(name: N, form: Form<T>, presence: Presence = {}): Part<N, T> {
  return {
    name,
    unset: form.unset,
    write(row, cells, version) {
      // The row was typed by RowOf: the value under this name is the form's.
      if (present(presence, row, version)) cells.push(form.write(row[name] as T));
    },
    read(cells, row, version) {
      row[name] = present(presence, row, version) ? form.read(cells.next()) : form.unset;
    },
  };
}

/** What is always the same; whatever is read there is let pass. */
export function fixed(text: string, presence: Presence = {}): Part<'', null> {
  return {
    name: '',
    unset: null,
    write(row, cells, version) {
      if (present(presence, row, version)) cells.push(text);
    },
    read(cells, row, version) {
      if (present(presence, row, version)) cells.next();
    },
  };
}

/** A count, then as many rows. */
export function list<N extends string, const P extends readonly Part<string, unknown>[]>(
  name: N,
  parts: P,
  presence: Presence = {},
): Part<N, readonly RowOf<P>[]> {
  return {
    name,
    unset: [],
    write(row, cells, version) {
      if (!present(presence, row, version)) return;
      // Typed by RowOf, as above.
      const rows = row[name] as readonly Values[];
      cells.push(String(rows.length));
      for (const each of rows) for (const part of parts) part.write(each, cells, version);
    },
    read(cells, row, version) {
      row[name] = [];
      if (!present(presence, row, version)) return;
      const count = INT.read(cells.next());
      if (count < 0 || count > ROWS_MAX) throw new WireError(`${name}: ${count} rows; at most ${ROWS_MAX}`);
      row[name] = Array.from({ length: count }, () => {
        const each: Values = {};
        for (const part of parts) part.read(cells, each, version);
        return each;
      });
    },
  };
}

export interface Layout<P extends readonly Part<string, unknown>[] = readonly Part<string, unknown>[]> {
  readonly id: number;
  readonly name: string;
  readonly parts: P;
}

export type RowOfLayout<L extends Layout> = RowOf<L['parts']>;

export function layout<const P extends readonly Part<string, unknown>[]>(id: number, name: string, ...parts: P): Layout<P> {
  return { id, name, parts };
}

/** Every value of the message unset. */
export function blank<P extends readonly Part<string, unknown>[]>(message: Layout<P>): RowOf<P> {
  // The names and the types of RowOf, one by one.
  return Object.fromEntries(message.parts.filter((part) => part.name !== '').map((part) => [part.name, part.unset])) as RowOf<P>;
}

/** The fields of a message, the id first. */
export function encode<P extends readonly Part<string, unknown>[]>(message: Layout<P>, row: RowOf<P>, version: number): string[] {
  const cells = [String(message.id)];
  for (const part of message.parts) part.write(row, cells, version);
  return cells;
}

/** @throws WireError where fields are missing, left over or not of their form. */
export function decode<P extends readonly Part<string, unknown>[]>(message: Layout<P>, fields: readonly string[], version: number): RowOf<P> {
  const cells = new Cells(message.name, fields);
  const id = cells.next();
  if (id !== String(message.id)) throw new WireError(`${message.name} is message ${message.id}, not ${id.slice(0, 20)}`);
  const row: Values = {};
  for (const part of message.parts) part.read(cells, row, version);
  cells.done();
  // Filled part by part, as RowOf says.
  return row as RowOf<P>;
}

/** The fields of one message, taken from the front. */
export class Cells {
  readonly #message: string;
  readonly #fields: readonly string[];
  #at = 0;

  constructor(message: string, fields: readonly string[]) {
    this.#message = message;
    this.#fields = fields;
  }

  next(): string {
    const text = this.#fields[this.#at];
    if (text === undefined) throw new WireError(`${this.#message}: field ${this.#at} is missing`);
    this.#at++;
    return text;
  }

  done(): void {
    const left = this.#fields.length - this.#at;
    if (left > 0) throw new WireError(`${this.#message}: ${left} fields too many: ${JSON.stringify(this.#fields.slice(this.#at, this.#at + 5))}`);
  }
}

function present(presence: Presence, row: Readonly<Values>, version: number): boolean {
  if (presence.since !== undefined && version < presence.since) return false;
  if (presence.until !== undefined && version >= presence.until) return false;
  return presence.when === undefined || presence.when(row);
}

function integerOf(text: string): number {
  if (!INTEGER.test(text)) throw new WireError(`not an integer: ${JSON.stringify(text.slice(0, 40))}`);
  return Number(text);
}

function decimalOf(text: string): string {
  if (text.length > DECIMAL_CHARACTERS_MAX || !DECIMAL.test(text)) throw new WireError(`not a decimal number: ${JSON.stringify(text.slice(0, 40))}`);
  return text;
}
