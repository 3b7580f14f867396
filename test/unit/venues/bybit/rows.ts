/** Rows of instruments-info as Bybit sends them, as ccxt hands them on. */
export const spotInfo = {
  symbol: 'BTCUSDT',
  baseCoin: 'BTC',
  quoteCoin: 'USDT',
  status: 'Trading',
  lotSizeFilter: {
    basePrecision: '0.000001',
    quotePrecision: '0.0000001',
    minOrderQty: '0.000011',
    maxOrderQty: '83',
    minOrderAmt: '5',
    maxOrderAmt: '8000000',
    maxLimitOrderQty: '83',
    maxMarketOrderQty: '41.50',
  },
  priceFilter: { tickSize: '0.10' },
};

export const linearInfo = {
  symbol: 'ADAUSDT',
  contractType: 'LinearPerpetual',
  status: 'Trading',
  baseCoin: 'ADA',
  quoteCoin: 'USDT',
  settleCoin: 'USDT',
  deliveryTime: '0',
  priceFilter: { minPrice: '0.0001', maxPrice: '1999.9998', tickSize: '0.0001' },
  lotSizeFilter: { maxOrderQty: '1000000', minOrderQty: '1', qtyStep: '1', maxMktOrderQty: '500000', minNotionalValue: '5' },
  fundingInterval: 480,
};

export const markets = { 'BTC/USDT': { info: spotInfo }, 'ADA/USDT:USDT': { info: linearInfo } };
