/** Disconnect-cancel-all: orders of a product are cancelled once no connection that asked to be watched has been there for a while. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Category } from '../../listing.ts';

export const DCP_SECONDS = { least: 3, most: 300, otherwise: 10 };
export const DCP_PRODUCTS = { DERIVATIVES: 'linear', SPOT: 'spot' } as const satisfies Readonly<Record<string, Category>>;
export type DcpProduct = keyof typeof DCP_PRODUCTS;

/** Subscribing to one of them puts a connection under watch. */
const TOPICS: Readonly<Record<DcpProduct, readonly string[]>> = { DERIVATIVES: ['dcp', 'dcp.future'], SPOT: ['dcp', 'dcp.spot'] };
const PRODUCTS: readonly DcpProduct[] = ['SPOT', 'DERIVATIVES'];

export class Dcp {
  readonly #windows = new Map<DcpProduct, number>();
  /** Market time since when nobody is watched; absent while somebody is, or nobody ever was. */
  readonly #deserted = new Map<DcpProduct, Instant>();
  readonly #watched = new Set<DcpProduct>();

  /** Milliseconds of market time; null where orders outlive a lost connection. */
  windowMs(product: DcpProduct): number | null {
    return this.#windows.get(product) ?? null;
  }

  set(product: DcpProduct, seconds: number): void {
    this.#windows.set(product, seconds * 1000);
  }

  rows(): readonly object[] {
    return PRODUCTS.filter((product) => this.#windows.has(product)).map((product) => {
      return { product, dcpStatus: 'ON', timeWindow: String((this.#windows.get(product) ?? 0) / 1000) };
    });
  }

  /** The topics of everybody who is signed in, as they are now. */
  watch(topics: ReadonlySet<string>, now: Instant): void {
    for (const product of PRODUCTS) {
      if (TOPICS[product].some((topic) => topics.has(topic))) {
        this.#watched.add(product);
        this.#deserted.delete(product);
      } else if (this.#watched.delete(product)) this.#deserted.set(product, now);
    }
  }

  /** Categories whose orders end now; each desertion once. */
  due(now: Instant): readonly Category[] {
    const due = [...this.#deserted].filter(([product, since]) => now - since >= (this.#windows.get(product) ?? Infinity));
    for (const [product] of due) this.#deserted.delete(product);
    return due.map(([product]) => DCP_PRODUCTS[product]);
  }
}
