/** Rows of GET /v5/market/instruments-info. */
import { decimalsOf, FUNDING_MS, type Instrument } from '../instruments.ts';

const MINUTE_MS = 60_000;
/** 2020-03-30, when Bybit listed its first USDT perpetual. */
const LAUNCH_TIME = '1585526400000';
const MAX_ORDER_AMOUNT = '8000000';
const PRICE_LIMITS = { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' };

/** A row as Bybit describes it in that category. */
export function instrumentRow(instrument: Instrument, index: number): object {
  return { symbolId: index + 1, ...(instrument.category === 'spot' ? spotRow(instrument) : linearRow(instrument)) };
}

function spotRow({ symbol, base, quote, tick, lot, minQty, maxQty, minNotional }: Instrument): object {
  return {
    symbol,
    baseCoin: base,
    quoteCoin: quote,
    innovation: '0',
    symbolType: '',
    status: 'Trading',
    marginTrading: 'utaOnly',
    stTag: '0',
    lotSizeFilter: {
      basePrecision: lot,
      quotePrecision: '0.0000001',
      minOrderQty: minQty,
      maxOrderQty: maxQty,
      minOrderAmt: minNotional,
      maxOrderAmt: MAX_ORDER_AMOUNT,
      maxLimitOrderQty: maxQty,
      maxMarketOrderQty: maxQty,
      postOnlyMaxLimitOrderSize: maxQty,
    },
    priceFilter: { tickSize: tick },
    riskParameters: PRICE_LIMITS,
  };
}

function linearRow(instrument: Instrument): object {
  const { symbol, base, quote, tick, lot, minQty, maxQty, maxMarketQty, minNotional, maxLeverage, fundingCap, fundingMs = FUNDING_MS } = instrument;
  return {
    symbol,
    contractType: 'LinearPerpetual',
    status: 'Trading',
    baseCoin: base,
    quoteCoin: quote,
    launchTime: LAUNCH_TIME,
    deliveryTime: '0',
    deliveryFeeRate: '',
    priceScale: String(decimalsOf(tick)),
    leverageFilter: { minLeverage: '1', maxLeverage, leverageStep: '0.01' },
    priceFilter: { minPrice: tick, maxPrice: '1999999.8', tickSize: tick },
    lotSizeFilter: {
      maxOrderQty: maxQty,
      minOrderQty: minQty,
      qtyStep: lot,
      postOnlyMaxOrderQty: maxQty,
      maxMktOrderQty: maxMarketQty,
      minNotionalValue: minNotional,
    },
    unifiedMarginTrade: true,
    fundingInterval: fundingMs / MINUTE_MS,
    settleCoin: quote,
    copyTrading: 'none',
    upperFundingRate: fundingCap,
    lowerFundingRate: `-${fundingCap}`,
    displayName: '',
    isPreListing: false,
    preListingInfo: null,
    riskParameters: PRICE_LIMITS,
    symbolType: '',
  };
}
