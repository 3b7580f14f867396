/** Contracts and market data: what is listed, what it stands at, and what it stood at. */
import type { Handlers } from '../codec/client-messages.ts';
import { isMonthly, type Contract, type ContractQuery } from '../contracts.ts';
import type { Context } from '../context.ts';
import { equityHours, forexHours, utcStamp, ZONE } from '../hours.ts';
import { MARKET_RULES } from '../market-rules.ts';
import { say, type Said } from '../say.ts';
import type { Session } from '../session.ts';

type DataRequest =
  | 'reqMktData'
  | 'cancelMktData'
  | 'reqMarketDataType'
  | 'reqTickByTick'
  | 'cancelTickByTick'
  | 'reqContractDetails'
  | 'reqMatchingSymbols'
  | 'reqMarketRule'
  | 'reqSecDefOptParams'
  | 'reqHistoricalData'
  | 'cancelHistoricalData'
  | 'reqHeadTimestamp';

const NO_CONTRACT = 200;
const NO_CONTRACT_TEXT = 'No security definition has been found for the request';
const AMBIGUOUS_TEXT = 'The contract description specified for this request is ambiguous.';
const NO_DATA = 162;
const VALIDATION = 321;
const SERVER_ERROR = 322;
const ORDER_TYPES = 'ACTIVETIM,ADJUST,ALERT,ALGO,COND,DAY,GTC,GTD,IOC,LIT,LMT,MIT,MKT,OCA,STP,STPLMT,TRAIL,TRAILLMT,WHATIF';
const AGGREGATION: Readonly<Record<Contract['secType'], number>> = { CASH: 4, STK: 1, OPT: 2 };
/** Of the listings of SMART, which one chain row each. */
const CHAIN_EXCHANGES = ['SMART', 'CBOE', 'AMEX'];
const EPOCH_SECONDS = 2;

export function dataRequests(context: Context, session: Session): Pick<Handlers, DataRequest> {
  return {
    reqMktData: (row) => {
      const contract = only(context, session, row.reqId, row);
      if (contract === undefined) return;
      context.take(context.market.watch(contract, context.now()));
      context.subscriptions.subscribe(session, row.reqId, contract, row.snapshot);
    },
    cancelMktData: ({ reqId }) => context.subscriptions.cancel(session, reqId),
    reqMarketDataType: ({ type }) => {
      session.marketDataType = type;
    },
    reqTickByTick: (row) => {
      const contract = only(context, session, row.reqId, row);
      const kind = row.kind === 'BidAsk' || row.kind === 'MidPoint' ? row.kind : 'Last';
      if (contract !== undefined) context.subscriptions.subscribeTicks(session, row.reqId, contract, kind);
    },
    cancelTickByTick: ({ reqId }) => context.subscriptions.cancel(session, reqId),
    ...contractRequests(context, session),
    reqHistoricalData: (row) => {
      const contract = only(context, session, row.reqId, row);
      if (contract !== undefined) context.history.request(session, row, contract);
    },
    cancelHistoricalData: ({ reqId }) => context.history.cancel(session, reqId),
    reqHeadTimestamp: (row) => {
      const contract = only(context, session, row.reqId, row);
      if (contract === undefined) return;
      const first = context.market.tape(contract)?.first();
      if (first === undefined) return session.refuse(row.reqId, NO_DATA, 'Historical Market Data Service error message:No head time stamp');
      const time = row.dateFormat === EPOCH_SECONDS ? String(first / 1000) : utcStamp(first).replace(' ', '-');
      session.send(say('headTimestamp', { reqId: row.reqId, time }));
    },
  };
}

function contractRequests(
  context: Context,
  session: Session,
): Pick<Handlers, 'reqContractDetails' | 'reqMatchingSymbols' | 'reqMarketRule' | 'reqSecDefOptParams'> {
  const soon = (work: () => void): void => context.later(context.switches.definitionsAfterMs, work);
  return {
    reqContractDetails: (row) =>
      soon(() => {
        const found = listed(context, row);
        if (found.length === 0) return session.refuse(row.reqId, NO_CONTRACT, NO_CONTRACT_TEXT);
        session.send(...found.map((contract) => detailsOf(context, row.reqId, contract)), say('contractDataEnd', { reqId: row.reqId }));
      }),
    reqMatchingSymbols: ({ reqId, pattern }) => {
      const contracts = context.contracts.matching(pattern).map((contract) => ({
        conId: contract.conId,
        symbol: contract.symbol,
        secType: contract.secType,
        primaryExchange: contract.secType === 'STK' ? contract.primaryExchange : contract.exchange,
        currency: contract.currency,
        derivatives: context.contracts.chain(contract.symbol) === undefined ? [] : [{ secType: 'OPT' }],
        description: contract.longName,
        issuerId: '',
      }));
      session.send(say('symbolSamples', { reqId, contracts }));
    },
    reqMarketRule: ({ ruleId }) => {
      const increments = MARKET_RULES[ruleId];
      if (increments === undefined) return session.refuse(-1, SERVER_ERROR, "Error processing request.-'bS' : cause - unknown market rule");
      session.send(say('marketRule', { ruleId, increments }));
    },
    reqSecDefOptParams: ({ reqId, symbol, futuresExchange, underlyingConId }) =>
      soon(() => {
        if (futuresExchange !== '' || underlyingConId === 0) {
          return session.refuse(reqId, VALIDATION, "Error validating request.-'bX' : cause - Invalid underlying contract id or exchange");
        }
        const share = context.contracts.byId(underlyingConId);
        const strikes = share?.symbol === symbol ? context.contracts.strikes(symbol).map((strike) => ({ strike })) : [];
        if (strikes.length === 0) return session.refuse(reqId, NO_CONTRACT, NO_CONTRACT_TEXT);
        const dates = context.contracts.expirations(symbol, context.now()).map((date) => ({ date }));
        const common = { reqId, underlyingConId, tradingClass: symbol, multiplier: '100', expirations: dates, strikes };
        session.send(...CHAIN_EXCHANGES.map((exchange) => say('secDefOptParam', { ...common, exchange })), say('secDefOptParamEnd', { reqId }));
      }),
  };
}

/** The query's fields and no others. */
export function queryOf(row: ContractQuery): ContractQuery {
  const { conId, symbol, secType, expiry, strike, right, multiplier, exchange, currency, localSymbol, tradingClass } = row;
  return { conId, symbol, secType, expiry, strike, right, multiplier, exchange, currency, localSymbol, tradingClass };
}

/** What really exists of what the chain's strikes and expiries span. */
function listed(context: Context, row: ContractQuery): readonly Contract[] {
  const found = context.contracts.find(queryOf(row), context.now());
  return context.switches.ghostStrikes ? found.filter((contract) => !isGhost(contract)) : found;
}

const isGhost = ({ secType, strike, expiry }: Contract): boolean => secType === 'OPT' && Number(strike) % 10 !== 0 && !isMonthly(expiry);

function only(context: Context, session: Session, reqId: number, row: ContractQuery): Contract | undefined {
  const found = listed(context, row);
  if (found.length !== 1) session.refuse(reqId, NO_CONTRACT, found.length === 0 ? NO_CONTRACT_TEXT : AMBIGUOUS_TEXT);
  return found.length === 1 ? found[0] : undefined;
}

function detailsOf(context: Context, reqId: number, contract: Contract): Said {
  const isPair = contract.secType === 'CASH';
  const isOption = contract.secType === 'OPT';
  const hours = isPair ? forexHours(context.now()) : equityHours(context.now(), context.closed);
  return say('contractData', {
    ...contract,
    reqId,
    // As TWS really writes it: with the time, unsplit.
    expiry: isOption ? `${contract.expiry} 15:00 US/Central` : '',
    lastTradeDate: contract.expiry,
    marketName: contract.tradingClass,
    orderTypes: ORDER_TYPES,
    priceMagnifier: 1,
    contractMonth: contract.expiry.slice(0, 6),
    industry: '',
    category: '',
    subcategory: '',
    timeZone: ZONE,
    tradingHours: hours,
    liquidHours: hours,
    economicValueRule: '',
    economicValueMultiplier: 0,
    securityIds: [],
    aggregationGroup: AGGREGATION[contract.secType],
    underlyingSymbol: isOption ? contract.symbol : '',
    underlyingSecType: isOption ? 'STK' : '',
    realExpirationDate: contract.expiry,
    stockType: contract.secType === 'STK' ? 'COMMON' : '',
    minSize: '1',
    sizeIncrement: '1',
    suggestedSizeIncrement: contract.secType === 'STK' ? '100' : '1',
    ineligibility: [],
  });
}
