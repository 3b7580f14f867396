/** What TWS lists of the symbols that are watched: details and market rules, each asked for once a session. */
import type { ContractDetails } from '@stoqey/ib';
import type { Instant, Instrument, TickStep } from '#trading/model/instrument.ts';
import { watchedOptions, type ChainRow, type WatchRules } from './chains.ts';
import type { MarketClient } from './client.ts';
import { CODE, IbkrError } from './codes.ts';
import { assetOf, contractOf, parseOption } from './contracts.ts';
import { isOpenAt, sessionsOf, type Session } from './hours.ts';
import { ladderOf, marketRuleOf, optionInstrument, pairInstrument } from './instruments.ts';
import type { Line } from './line.ts';
import type { Pacing } from './pacing.ts';

interface Entry {
  readonly details: ContractDetails;
  /** Null for shares: nothing of ours trades them. */
  readonly instrument: Instrument | null;
  readonly hours: readonly Session[];
  /** Price steps, lowest first; empty where TWS names no rule. */
  readonly ladder: readonly TickStep[];
}

const RENEWED_BEFORE_MS = 86_400_000;

export class Catalog {
  readonly #pacing: Pacing;
  readonly #requestMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #rules = new Map<number, readonly TickStep[]>();
  readonly #chains = new Map<string, readonly ChainRow[]>();
  /** Of the grid, and not listed. */
  readonly #unlisted = new Set<string>();

  constructor(pacing: Pacing, requestMs: number) {
    this.#pacing = pacing;
    this.#requestMs = requestMs;
  }

  instruments(): readonly Instrument[] {
    return [...this.#entries.values()].flatMap(({ instrument }) => (instrument === null ? [] : [instrument]));
  }

  instrument(symbol: string): Instrument | null {
    return this.#entries.get(symbol)?.instrument ?? null;
  }

  ladder(symbol: string): readonly TickStep[] {
    return this.#entries.get(symbol)?.ladder ?? [];
  }

  details(symbol: string): ContractDetails | undefined {
    return this.#entries.get(symbol)?.details;
  }

  /** Whether each trades now, by TWS's hours; null where it did not tell them. */
  hours(now: Instant): Readonly<Record<string, boolean | null>> {
    return Object.fromEntries([...this.#entries].map(([symbol, { hours }]) => [symbol, isOpenAt(hours, now)]));
  }

  /** Whether the symbol trades at an instant; null where TWS did not tell, or not so far ahead. An option trades while its underlying does. */
  isOpen(symbol: string, at: Instant): boolean | null {
    const entry = this.#entries.get(symbol);
    const expiry = entry?.instrument?.expiry ?? null;
    if (expiry !== null && expiry <= at) return false;
    const hours = this.#entries.get(parseOption(symbol)?.underlying ?? symbol)?.hours ?? [];
    return at < horizonOf(hours) ? isOpenAt(hours, at) : null;
  }

  /** TWS tells hours of some days: before they end they are asked for again. What cannot be had leaves what is known. */
  async renewHours(line: Line<MarketClient>, now: Instant): Promise<void> {
    for (const [symbol, { hours }] of this.#entries) {
      if (parseOption(symbol) !== null || hours.length === 0 || horizonOf(hours) > now + RENEWED_BEFORE_MS) continue;
      const details = await this.#details(line, symbol);
      const known = this.#entries.get(symbol);
      if (known !== undefined) this.#entries.set(symbol, { ...known, hours: hoursOf(details) });
    }
  }

  /** @throws IbkrError 200 where TWS lists no such contract; Error where it lists more than one or cannot be understood. */
  async qualify(line: Line<MarketClient>, symbol: string): Promise<ContractDetails> {
    const known = this.#entries.get(symbol);
    if (known !== undefined) return known.details;
    const details = await this.#details(line, symbol);
    const ladder = await this.#ladder(line, details);
    this.#entries.set(symbol, { details, instrument: instrumentOf(symbol, details, ladder), hours: hoursOf(details), ladder });
    return details;
  }

  async #details(line: Line<MarketClient>, symbol: string): Promise<ContractDetails> {
    await this.#pacing.pass();
    const found = await line.ask<ContractDetails[]>(`contract details of ${symbol}`, this.#requestMs, ({ client, id, own, needsServers, done }) => {
      needsServers();
      const rows: ContractDetails[] = [];
      own('contractDetails', (details) => rows.push(details));
      own('contractDetailsEnd', () => done(rows));
      client.reqContractDetails(id, contractOf(symbol));
    });
    const [details, other] = found;
    if (details === undefined || other !== undefined) throw new Error(`${symbol}: TWS lists ${found.length} contracts of it; right is one`);
    return details;
  }

  /** The options to watch around a price, asked for one by one: those that exist. */
  async chosen(line: Line<MarketClient>, underlying: string, spot: number, now: Instant, rules: WatchRules): Promise<readonly string[]> {
    const wanted = watchedOptions(underlying, await this.#chain(line, underlying), spot, now, rules);
    const listed: string[] = [];
    for (const symbol of wanted) {
      if (this.#unlisted.has(symbol)) continue;
      try {
        await this.qualify(line, symbol);
        listed.push(symbol);
      } catch (error) {
        if (!(error instanceof IbkrError) || error.code !== CODE.noContract) throw error;
        this.#unlisted.add(symbol);
      }
    }
    return listed;
  }

  async #chain(line: Line<MarketClient>, underlying: string): Promise<readonly ChainRow[]> {
    const known = this.#chains.get(underlying);
    if (known !== undefined) return known;
    const { contract } = await this.qualify(line, underlying);
    await this.#pacing.pass();
    const rows = await line.ask<ChainRow[]>(`the option chain of ${underlying}`, this.#requestMs, ({ client, id, own, needsServers, done }) => {
      needsServers();
      const found: ChainRow[] = [];
      own('securityDefinitionOptionParameter', (exchange, _conId, tradingClass, _multiplier, expirations, strikes) =>
        found.push({ exchange, tradingClass, expirations, strikes }),
      );
      own('securityDefinitionOptionParameterEnd', () => done(found));
      // With an exchange, or without the underlying's id, it is refused (321).
      client.reqSecDefOptParams(id, underlying, '', 'STK', contract.conId ?? 0);
    });
    // The class of the same name: others are of adjusted contracts.
    const own = rows.filter(({ exchange, tradingClass }) => exchange === 'SMART' && tradingClass === underlying);
    this.#chains.set(underlying, own);
    return own;
  }

  async #ladder(line: Line<MarketClient>, details: ContractDetails): Promise<readonly TickStep[]> {
    const rule = marketRuleOf(details);
    if (rule === null) return [];
    const known = this.#rules.get(rule);
    if (known !== undefined) return known;
    await this.#pacing.pass();
    const ladder = await line.ask<readonly TickStep[]>(`market rule ${rule}`, this.#requestMs, ({ client, on, needsServers, done }) => {
      needsServers();
      on('marketRule', (id, increments) => {
        if (id === rule) done(ladderOf(increments));
      });
      client.reqMarketRule(rule);
    });
    this.#rules.set(rule, ladder);
    return ladder;
  }
}

const hoursOf = ({ tradingHours = '', timeZoneId = 'America/New_York' }: ContractDetails): readonly Session[] => sessionsOf(tradingHours, timeZoneId);
const horizonOf = (hours: readonly Session[]): Instant => Math.max(0, ...hours.map(({ to }) => to));

function instrumentOf(symbol: string, details: ContractDetails, ladder: readonly TickStep[]): Instrument | null {
  if (assetOf(symbol) === 'forex') return pairInstrument(details, ladder);
  return parseOption(symbol) === null ? null : optionInstrument(details, ladder);
}
