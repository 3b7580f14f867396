/** In place of the conductor on a real market, which nobody plays: quotes are handed on as they come, time is the wall's. */
import type { Clock } from '#protocol/ports.ts';
import type { Broker, Instant } from '#trading/model/instrument.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { handOut, type Audience, type HandOutPorts } from './hand-out.ts';

export interface RealMarketPorts extends HandOutPorts {
  sleep(ms: number): Promise<void>;
}

/** Without a quote the clock still advances this often: an order's latency ends, a day turns. */
const CLOCK_MS = 250;

export const wallClock: Clock = { now: () => Date.now() };

export class RealMarket {
  readonly #ports: RealMarketPorts;
  readonly #audience: Audience;
  #buffer: QuoteSnapshot[] = [];
  #wake: () => void = () => undefined;
  #stopping = false;
  quotes = 0;
  dropped = 0;

  constructor(ports: RealMarketPorts, audience: Audience) {
    this.#ports = ports;
    this.#audience = audience;
  }

  onQuote(quote: QuoteSnapshot): void {
    this.quotes++;
    this.#buffer.push(quote);
    this.#wake();
  }

  onDropped(_at: Instant | null, _broker?: Broker): void {
    this.dropped++;
  }

  stop(): void {
    this.#stopping = true;
    this.#wake();
  }

  /** Runs until `stop`: what came while the tree worked is handed on together. */
  async run(): Promise<'stopped'> {
    while (!this.#stopping) {
      if (this.#buffer.length === 0) {
        await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), this.#ports.sleep(CLOCK_MS)]);
      }
      const quotes = this.#buffer;
      this.#buffer = [];
      await handOut(quotes, this.#ports, this.#audience);
    }
    return 'stopped';
  }
}
