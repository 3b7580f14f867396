/** Where Bybit is. Only what public market data needs: an instance built on these has no private and no trade URL to send an order to. */

export const ENVIRONMENTS = ['embedded', 'mainnet', 'testnet', 'demo'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** Bases without a path: `rest` is http(s), `ws` is ws(s). */
export interface Endpoints {
  readonly rest: string;
  readonly ws: string;
}

/** Bybit's documentation, v5 guide and demo pages. Demo has no public stream of its own: its market data are mainnet's. */
export const ENDPOINTS: Readonly<Record<Exclude<Environment, 'embedded'>, Endpoints>> = Object.freeze({
  mainnet: { rest: 'https://api.bybit.com', ws: 'wss://stream.bybit.com' },
  testnet: { rest: 'https://api-testnet.bybit.com', ws: 'wss://stream-testnet.bybit.com' },
  demo: { rest: 'https://api-demo.bybit.com', ws: 'wss://stream.bybit.com' },
});

export const CATEGORIES = ['spot', 'linear'] as const;
export type Category = (typeof CATEGORIES)[number];

/** Replaces all of ccxt's `urls`: merged into them, its live URLs would stay beside ours. */
export interface MarketDataUrls {
  readonly api: { readonly public: string; readonly ws: { readonly public: Readonly<Record<Category, string>> } };
}

export function marketDataUrls({ rest, ws }: Endpoints): MarketDataUrls {
  return { api: { public: rest, ws: { public: { spot: `${ws}/v5/public/spot`, linear: `${ws}/v5/public/linear` } } } };
}

/** As ccxt names them. Market data come by an instance of their own. */
export const tradingUrls = ({ rest, ws }: Endpoints) => ({
  api: {
    public: rest,
    private: rest,
    ws: { private: { spot: { unified: privateStreamUrl({ rest, ws }) }, contract: privateStreamUrl({ rest, ws }) } },
  },
});

export const privateStreamUrl = ({ ws }: Endpoints): string => `${ws}/v5/private`;

/** @throws Error naming the first leaf of `urls` whose host is not loopback, or that is no URL at all. */
export function assertLoopback(urls: unknown, path = 'urls'): void {
  if (typeof urls === 'string') {
    if (!isLoopback(urls)) throw new Error(`${path}: ${urls} is not on loopback, and an embedded market may reach nothing else`);
    return;
  }
  if (typeof urls !== 'object' || urls === null) throw new Error(`${path}: ${String(urls)} is no URL`);
  for (const [key, leaf] of Object.entries(urls)) assertLoopback(leaf, `${path}.${key}`);
}

function isLoopback(text: string): boolean {
  const host = URL.canParse(text) ? new URL(text).hostname : '';
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
