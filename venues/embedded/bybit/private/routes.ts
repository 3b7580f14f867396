/** Which private request is answered by what. */
import type { AccountApi } from './account-api.ts';
import type { Keys } from './auth.ts';
import type { Desk } from './desk.ts';
import type { HistoryApi } from './history-api.ts';
import type { Body } from './order-request.ts';
import { ok, type OrdersApi, type Reply } from './orders-api.ts';
import type { Query } from './pages.ts';
import type { TradingStop } from './trading-stop.ts';
import { setRiskLimit } from './risk-limits.ts';

export interface Apis {
  readonly orders: OrdersApi;
  readonly account: AccountApi;
  readonly stops: TradingStop;
  readonly history: HistoryApi;
  readonly desk: Desk;
  /** VIP level. */
  readonly vip: number;
  readonly keys: Keys;
}

export const GETS: Readonly<Record<string, (apis: Apis, query: Query) => Reply>> = {
  '/v5/order/realtime': ({ account }, query) => account.realtime(query),
  '/v5/order/history': ({ account }, query) => account.history(query),
  '/v5/execution/list': ({ account }, query) => account.executions(query),
  '/v5/position/list': ({ account }, query) => account.positions(query),
  '/v5/account/wallet-balance': ({ account }, query) => account.wallet(query),
  '/v5/account/info': ({ account }) => account.info(),
  '/v5/account/smp-group': () => ok({ smpGroup: 0 }),
  '/v5/account/query-dcp-info': ({ account }) => account.disconnectInfo(),
  '/v5/account/fee-rate': ({ account }, query) => account.fees(query),
  '/v5/position/closed-pnl': ({ history }, query) => history.closedPnl(query),
  '/v5/account/transaction-log': ({ history }, query) => history.transactions(query),
  '/v5/account/user-setting-config': ({ history }) => history.settings(),
  '/v5/account/instruments-info': ({ history }, query) => history.instruments(query),
  '/v5/asset/coin/query-info': () => ok({ rows: [] }),
  '/v5/user/query-api': ({ keys, vip }) => ok(keyInfo(keys, vip)),
};

export const POSTS: Readonly<Record<string, (apis: Apis, body: Body, granted: number) => Reply>> = {
  '/v5/order/create': ({ orders }, body) => orders.create(body),
  '/v5/order/amend': ({ orders }, body) => orders.amend(body),
  '/v5/order/cancel': ({ orders }, body) => orders.cancel(body),
  '/v5/order/cancel-all': ({ orders }, body) => orders.cancelAll(body),
  '/v5/order/create-batch': ({ orders }, body, granted) => orders.batch('create', body, granted),
  '/v5/order/amend-batch': ({ orders }, body, granted) => orders.batch('amend', body, granted),
  '/v5/order/cancel-batch': ({ orders }, body, granted) => orders.batch('cancel', body, granted),
  '/v5/order/pre-check': ({ orders }, body) => orders.preCheck(body),
  '/v5/order/disconnected-cancel-all': ({ account }, body) => account.disconnectedCancelAll(body),
  '/v5/position/set-leverage': ({ account }, body) => account.setLeverage(body),
  '/v5/position/trading-stop': ({ stops }, body) => stops.set(body),
  '/v5/position/set-risk-limit': ({ desk }, body) => setRiskLimit(desk, body),
  '/v5/position/switch-mode': ({ account }, body) => account.switchMode(body),
  '/v5/account/set-margin-mode': ({ account }, body) => account.setMarginMode(body),
  '/v5/account/set-limit-px-action': ({ account }, body) => account.setLimitAction(body),
};

/** A master key that may trade and may not withdraw. It expires, as keys without an address list do. */
function keyInfo({ apiKey }: Keys, vip: number): object {
  return {
    id: '1',
    note: 'embedded',
    apiKey,
    readOnly: 0,
    secret: '',
    permissions: {
      ContractTrade: ['Order', 'Position'],
      Spot: ['SpotTrade'],
      Wallet: [],
      Options: [],
      Derivatives: ['DerivativesTrade'],
      CopyTrading: [],
      BlockTrade: [],
      Exchange: [],
      NFT: [],
      Affiliate: [],
      Earn: [],
      FiatP2P: [],
      FiatConvertBroker: [],
      FiatGlobalPay: [],
      FiatBitPay: [],
      BitCard: [],
      ByXPost: [],
    },
    ips: ['*'],
    type: 1,
    deadlineDay: 83,
    expiredAt: '2099-01-01T00:00:00Z',
    createdAt: '2025-01-01T00:00:00Z',
    unified: 0,
    uta: 1,
    userID: 1,
    inviterID: 0,
    vipLevel: vip === 0 ? 'No VIP' : `VIP-${vip}`,
    mktMakerLevel: '0',
    affiliateID: 0,
    rsaPublicKey: '',
    isMaster: true,
    parentUid: '0',
    kycLevel: 'LEVEL_DEFAULT',
    kycRegion: '',
    userIDInt64: '1',
    inviterIDInt64: '0',
    affiliateIDInt64: '0',
  };
}
