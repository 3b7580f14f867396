/** The TWS façade with its market: plays steps into it. Orders are the façade's own exchange's. */
import type { Instant } from '#trading/model/instrument.ts';
import { AccountFile } from './account-file.ts';
import type { TwsMemory } from './tws/memory.ts';
import { DEFAULT_CHAINS } from './tws/contracts.ts';
import { DEFAULT_RESTARTS } from './tws/restarts.ts';
import { openTws, type EmbeddedTws } from './tws/tws.ts';
import { openTwsRecorded } from './market/tws-recorded.ts';
import { TwsSynthetic } from './market/tws-synthetic.ts';
import type { TwsMarket, TwsQuote } from './market/tws-market.ts';
import type { VenueParams } from './params.ts';

/** `still`: when it begins where nothing of it is played. @throws DataFileError, RangeError for a fault that is not known, or Error where the port cannot be bound. */
export async function openTwsStage({ seed, play, resumeAt, tws }: VenueParams, still: Instant): Promise<TwsStage | null> {
  if (tws === undefined) return null;
  const market =
    play.kind === 'synthetic'
      ? new TwsSynthetic(seed, resumeAt ?? play.from ?? null, play)
      : await openTwsRecorded({ ...play, files: tws.files, resumeAt, still });
  const first = Math.min(market.start, market.before[0]?.at ?? market.start);
  const facade = await openTws({
    ...{ port: tws.port, serverVersion: tws.serverVersion, start: first },
    ...(tws.restarts && { restarts: DEFAULT_RESTARTS }),
    ...(market.chains !== null && { chains: [...market.chains, ...unrecorded(market)] }),
  });
  const stage = new TwsStage(facade, market);
  try {
    for (const fault of tws.faults) stage.inject(fault.trim().split(/\s+/));
    await stage.begin(tws.file);
    return stage;
  } catch (error) {
    await stage.close();
    throw error;
  }
}

export interface TwsAccount {
  readonly executions: readonly {
    readonly execId: string;
    readonly symbol: string;
    readonly side: 'BUY' | 'SELL';
    readonly qty: string;
    readonly price: string;
    readonly commission: string;
    readonly orderRef: string;
  }[];
  readonly positions: readonly { readonly symbol: string; readonly qty: string; readonly averagePrice: string }[];
  readonly open: readonly {
    readonly orderRef: string;
    readonly orderId: number;
    readonly clientId: number;
    readonly symbol: string;
    readonly type: string;
  }[];
}

export class TwsStage {
  readonly tws: EmbeddedTws;
  readonly market: TwsMarket;
  #next: Instant | null = null;
  #file: AccountFile<TwsMemory> | null = null;

  constructor(tws: EmbeddedTws, market: TwsMarket) {
    this.tws = tws;
    this.market = market;
  }

  get next(): Instant | null {
    return this.#next;
  }

  /** What went before is known when the first session comes; `file` keeps the account. @throws Error where it holds what is no account. */
  async begin(file: string | null): Promise<void> {
    for (const quote of this.market.before) this.#show(quote);
    this.advance(this.market.start);
    if (file !== null) this.#remember(file);
    this.#next = await this.market.peek();
  }

  /** Plays one step; true where it had quotes. */
  async step(): Promise<boolean> {
    const step = await this.market.next();
    this.#next = await this.market.peek();
    if (step === null) return false;
    for (const quote of step.quotes) this.#show(quote);
    this.advance(step.at);
    return step.quotes.length > 0;
  }

  /** Time passes: orders and expiries have their times. */
  advance(to: Instant): void {
    if (to > this.tws.now) this.tws.advance(to);
  }

  /** The account as the exchange has it, by TWS's local symbols: for who checks a journal against it. */
  account(): TwsAccount {
    const { book, exchange } = this.tws;
    return {
      executions: book.executions.all().map(({ execId, contract, side, qty, price, commission, orderRef }) => {
        return { execId, symbol: contract.localSymbol, side, qty, price, commission, orderRef };
      }),
      positions: exchange.positions().map(({ contract, qty, averagePrice }) => ({ symbol: contract.localSymbol, qty, averagePrice })),
      open: book.live().map(({ placed, orderId, clientId, contract }) => {
        return { orderRef: placed.orderRef, orderId, clientId, symbol: contract.localSymbol, type: placed.orderType };
      }),
    };
  }

  /** @throws RangeError where the fault, or what it takes, is not known. */
  inject([name = '', target, value]: readonly string[]): object {
    return this.tws.inject(name, target, value);
  }

  async close(): Promise<void> {
    await this.tws.close();
    this.#file?.close();
    await this.market.close();
  }

  /** What the quotes before did was of no account; what comes is of this one. */
  #remember(path: string): void {
    const file = new AccountFile<TwsMemory>(path);
    this.#file = file;
    this.tws.memory.recall(file.memories);
    this.tws.memory.keep = (memory) => file.append(memory);
  }

  #show({ symbol, bid, ask, bidSize, askSize, at }: TwsQuote): void {
    this.tws.quote(symbol, bid, ask, bidSize, askSize, Math.max(at, this.tws.now));
  }
}

/** Chains that no file holds stay as they are by default. */
const unrecorded = ({ chains }: TwsMarket) => DEFAULT_CHAINS.filter(({ symbol }) => chains?.every((chain) => chain.symbol !== symbol));
