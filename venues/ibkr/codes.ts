/** What TWS and the library say by number (venues/ibkr "Codes"). What is of no request is `info`; what is of one belongs to who asked. */

export const CODE = Object.freeze({
  clientIdInUse: 326,
  connectFailed: 502,
  notConnected: 504,
  decode: 505,
  unsupportedVersion: 506,
  pacing: 100,
  uplinkLost: 1100,
  uplinkBackDataLost: 1101,
  uplinkBack: 1102,
  socketPortReset: 1300,
  marketFarmBroken: 2103,
  marketFarmOk: 2104,
  historyFarmBroken: 2105,
  historyFarmOk: 2106,
  historyFarmIdle: 2107,
  marketFarmIdle: 2108,
  /** Between TWS and the servers, as 1100. */
  serverLost: 2110,
  secdefFarmBroken: 2157,
  secdefFarmOk: 2158,
  noHistory: 162,
  noContract: 200,
  notSubscribed: 354,
  delayedShown: 10167,
  partlySubscribed: 10090,
  competingSession: 10197,
});

export type FarmKind = 'market' | 'history' | 'secdef';

export interface FarmNews {
  readonly kind: FarmKind;
  readonly name: string;
  readonly up: boolean;
}

/** `Market data farm connection is OK:usfarm`. An idle farm answers when it is asked, so it counts as up. */
export function farmNews(code: number, text: string): FarmNews | null {
  const known = FARMS[code];
  if (known === undefined) return null;
  return { ...known, name: text.slice(text.lastIndexOf(':') + 1).trim() };
}

const FARMS: Readonly<Record<number, Omit<FarmNews, 'name'>>> = {
  [CODE.marketFarmBroken]: { kind: 'market', up: false },
  [CODE.marketFarmOk]: { kind: 'market', up: true },
  [CODE.marketFarmIdle]: { kind: 'market', up: true },
  [CODE.historyFarmBroken]: { kind: 'history', up: false },
  [CODE.historyFarmOk]: { kind: 'history', up: true },
  [CODE.historyFarmIdle]: { kind: 'history', up: true },
  [CODE.secdefFarmBroken]: { kind: 'secdef', up: false },
  [CODE.secdefFarmOk]: { kind: 'secdef', up: true },
};

/** Said about a request that goes on: it is no failure. */
export const isNotice = (code: number): boolean => NOTICES.has(code) || (code >= 2100 && code <= 2199);

const NOTICES: ReadonlySet<number> = new Set([CODE.delayedShown, CODE.partlySubscribed, 399, 404, 434, 492, 10349]);

/** What TWS said with a number. */
export class IbkrError extends Error {
  override readonly name = 'IbkrError';
  readonly code: number;

  constructor(code: number, text: string) {
    super(`${code}: ${text}`);
    this.code = code;
  }
}
