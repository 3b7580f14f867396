/** ccxt's Bybit with keys: signing and transport of private requests, and nothing of its own idea of an order. */
import { inspect } from 'node:util';
import { createExchange, type Exchange, type ExchangeHooks, type ExchangeOptions } from '../create.ts';
import { tradingUrls } from '../endpoints.ts';
import type { CancelBatch } from './cancels.ts';
import type { Body } from './request.ts';

/** A key pair that no logger, inspector or message shows (CF-4). */
export class Keys {
  readonly key: string;
  readonly #secret: string;

  constructor(key: string, secret: string) {
    this.key = key;
    this.#secret = secret;
  }

  get secret(): string {
    return this.#secret;
  }

  toJSON(): string {
    return '[hidden]';
  }

  [inspect.custom](): string {
    return '[hidden]';
  }
}

type Call = (parameters: Body) => Promise<unknown>;

/** The private endpoints that we use, by ccxt's names. */
export interface TradingExchange extends Exchange {
  apiKey: string;
  secret: string;
  nonce(): number;
  readonly privatePostV5OrderCreate: Call;
  readonly privatePostV5OrderCancel: Call;
  readonly privatePostV5OrderCancelBatch: (batch: CancelBatch) => Promise<unknown>;
  readonly privatePostV5OrderAmend: Call;
  readonly privatePostV5PositionTradingStop: Call;
  readonly privatePostV5PositionSetLeverage: Call;
  readonly privatePostV5PositionSwitchMode: Call;
  readonly privateGetV5OrderRealtime: Call;
  readonly privateGetV5OrderHistory: Call;
  readonly privateGetV5ExecutionList: Call;
  readonly privateGetV5PositionList: Call;
  readonly privateGetV5AccountWalletBalance: Call;
  readonly privateGetV5UserQueryApi: Call;
}

/** @throws Error where the environment is embedded and any URL is not on loopback. */
export async function createTradingExchange(
  options: ExchangeOptions & { readonly keys: Keys; readonly receiveWindowMs: number; readonly now: () => number },
  hooks: ExchangeHooks,
): Promise<TradingExchange> {
  const { keys, now, receiveWindowMs } = options;
  const exchange = await createExchange({ ...options, urls: tradingUrls(options.endpoints), receiveWindowMs }, hooks);
  // The same object: its class has ccxt's generated methods, which its interface leaves out for market data.
  const trading = exchange as TradingExchange;
  trading.apiKey = keys.key;
  trading.secret = keys.secret;
  // Every stamp is the venue's time as we know it: ccxt's own correction does not reach played markets.
  trading.nonce = now;
  return trading;
}
