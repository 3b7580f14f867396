/** One row of a recorded file, checked. Prices stay the file's own text: they are played as recorded. */
import { amount } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { decimalsOf } from '../instruments.ts';

export type FileKind = 'candles' | 'quotes' | 'option_quotes';

interface RowOf<K extends FileKind> {
  readonly kind: K;
  readonly line: number;
  readonly at: Instant;
  /** What the price is at the row's time: the open, or the middle. */
  readonly mark: number;
  readonly priceDecimals: number;
}

export interface CandleRow extends RowOf<'candles'> {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  /** Base units. */
  readonly volume: string;
}

export interface QuoteRow extends RowOf<'quotes'> {
  readonly bid: string;
  readonly ask: string;
  /** Empty where not recorded. */
  readonly bidSize: string;
  readonly askSize: string;
}

/** One option of many. A side that nobody quotes is empty. */
export interface OptionRow extends RowOf<'option_quotes'> {
  readonly underlying: string;
  /** yyyymmdd. */
  readonly expiry: string;
  readonly strike: string;
  readonly right: 'C' | 'P';
  readonly bid: string;
  readonly ask: string;
  readonly bidSize: string;
  readonly askSize: string;
}

export type Row = CandleRow | QuoteRow | OptionRow;

/** What is wrong with a row, and what would be right. */
export class RowProblem extends Error {
  override readonly name = 'RowProblem';
  readonly right: string;

  constructor(what: string, right: string) {
    super(what);
    this.right = right;
  }
}

const CANDLE_COLUMNS = ['ts_ms', 'open', 'high', 'low', 'close', 'volume'] as const;
const OPTION_COLUMNS = ['ts_ms', 'underlying', 'expiry', 'strike', 'right', 'bid', 'ask', 'bid_size', 'ask_size'] as const;
const QUOTE_COLUMNS = ['ts_ms', 'bid', 'ask', 'bid_size', 'ask_size'] as const;
const CELL_LENGTH_MAX = 40;
const PLAIN = /^\d+(\.\d+)?$/;
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d{1,2})?$/i;
/** 2001-09-09 and 2128-06-11: what lies outside is not milliseconds. */
const AT_MIN = 1_000_000_000_000;
const AT_MAX = 5_000_000_000_000;

/** @throws RowProblem */
export function parseRow(kind: FileKind, cells: readonly string[], line: number): Row {
  switch (kind) {
    case 'candles':
      return candle(cells, line);
    case 'quotes':
      return quote(cells, line);
    case 'option_quotes':
      return option(cells, line);
  }
}

function candle(cells: readonly string[], line: number): CandleRow {
  requireColumns(cells, CANDLE_COLUMNS);
  const at = instant(cells[0] ?? '');
  const open = price(cells[1] ?? '', 'open');
  const high = price(cells[2] ?? '', 'high');
  const low = price(cells[3] ?? '', 'low');
  const close = price(cells[4] ?? '', 'close');
  const volume = size(cells[5] ?? '', 'volume');
  const [openPrice, highPrice, lowPrice, closePrice] = [Number(open), Number(high), Number(low), Number(close)];
  if (highPrice < lowPrice) throw new RowProblem(`high ${high} is below low ${low}`, 'high must be the highest price of the bar');
  for (const [name, text, value] of [['open', open, openPrice] as const, ['close', close, closePrice] as const]) {
    if (value > highPrice || value < lowPrice)
      throw new RowProblem(`${name} ${text} lies outside low ${low} and high ${high}`, 'a bar holds all its prices');
  }
  const priceDecimals = Math.max(decimalsOf(open), decimalsOf(high), decimalsOf(low), decimalsOf(close));
  return { kind: 'candles', line, at, mark: openPrice, priceDecimals, open, high, low, close, volume };
}

/** Bid above ask is allowed: what the venue sent is played, and the consumer must refuse it. */
function quote(cells: readonly string[], line: number): QuoteRow {
  requireColumns(cells, QUOTE_COLUMNS);
  const at = instant(cells[0] ?? '');
  const bid = price(cells[1] ?? '', 'bid');
  const ask = price(cells[2] ?? '', 'ask');
  const bidSize = cells[3] === '' ? '' : size(cells[3] ?? '', 'bid_size');
  const askSize = cells[4] === '' ? '' : size(cells[4] ?? '', 'ask_size');
  const priceDecimals = Math.max(decimalsOf(bid), decimalsOf(ask));
  return { kind: 'quotes', line, at, mark: (Number(bid) + Number(ask)) / 2, priceDecimals, bid, ask, bidSize, askSize };
}

function option(cells: readonly string[], line: number): OptionRow {
  requireColumns(cells, OPTION_COLUMNS);
  const [at = '', underlying = '', expiry = '', strike = '', right = '', bid = '', ask = '', bidSize = '', askSize = ''] = cells;
  if (!/^[A-Z]{1,6}$/.test(underlying)) throw new RowProblem(`underlying ${shown(underlying)} is no symbol`, 'it must look like AAPL');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(expiry)) throw new RowProblem(`expiry ${shown(expiry)} is no date`, 'it must look like 2026-12-18');
  if (right !== 'C' && right !== 'P') throw new RowProblem(`right ${shown(right)} is neither`, 'it must be C or P');
  const [asked, offered] = [side(bid, 'bid'), side(ask, 'ask')];
  return {
    kind: 'option_quotes',
    line,
    at: instant(at),
    mark: Number(asked === '' ? offered : asked),
    priceDecimals: Math.max(decimalsOf(asked), decimalsOf(offered)),
    ...{ underlying, expiry: expiry.replaceAll('-', ''), strike: price(strike, 'strike'), right, bid: asked, ask: offered },
    bidSize: bidSize === '' ? '' : size(bidSize, 'bid_size'),
    askSize: askSize === '' ? '' : size(askSize, 'ask_size'),
  };
}

/** Empty and zero are no quote on this side. */
const side = (cell: string, column: string): string => (cell === '' || Number(cell) === 0 ? '' : price(cell, column));

function requireColumns(cells: readonly string[], columns: readonly string[]): void {
  if (cells.length === columns.length) return;
  throw new RowProblem(`the row has ${cells.length} cells`, `it must have ${columns.length}: ${columns.join(',')}`);
}

function instant(cell: string): Instant {
  const at = PLAIN.test(cell) ? Number(cell) : NaN;
  if (!Number.isInteger(at)) throw new RowProblem(`ts_ms ${shown(cell)} is not a whole number`, 'ts_ms is UTC milliseconds');
  if (at < AT_MIN || at > AT_MAX) throw new RowProblem(`ts_ms ${shown(cell)} is no time of this century`, 'ts_ms is UTC milliseconds, not seconds');
  return at;
}

function price(cell: string, column: string): string {
  const text = decimal(cell, column);
  if (Number(text) > 0) return text;
  throw new RowProblem(`${column} ${shown(cell)} is not above zero`, 'every price must be above zero');
}

function size(cell: string, column: string): string {
  const text = decimal(cell, column);
  if (Number(text) >= 0) return text;
  throw new RowProblem(`${column} ${shown(cell)} is below zero`, 'it must be zero or above');
}

function decimal(cell: string, column: string): string {
  if (cell.length <= CELL_LENGTH_MAX) {
    if (PLAIN.test(cell)) return cell;
    if (NUMBER.test(cell)) return amount(cell.replace(/^\+/, ''));
  }
  throw new RowProblem(`${column} ${shown(cell)} is not a number`, 'remove the row (missing bars are allowed) or repair the cell');
}

const shown = (cell: string): string => JSON.stringify(cell.slice(0, CELL_LENGTH_MAX));
