/** The account as TWS reports it: values by key, positions with their prices, profit and loss. In USD. */
import { absolute, add, negate, ratio, rounded, scale, subtract, ZERO_MONEY, type Money, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Contract, Contracts } from './contracts.ts';
import type { HeldPosition, TwsExchange } from './exchange.ts';
import { requirementOf, withTrade, type Prices, type Requirement } from './margin.ts';
import { commissionOf } from './market-rules.ts';
import type { Market } from './market.ts';
import type { MarginEffect } from './orders/record.ts';
import { orderedContract, say, type Said } from './say.ts';
import { valueOf } from './wallet.ts';

export interface Value {
  readonly key: string;
  readonly value: string;
  readonly currency: string;
}

export interface PositionFigures {
  readonly position: HeldPosition;
  readonly price: Price;
  /** In the contract's currency. */
  readonly value: Money;
  readonly cost: Money;
  readonly unrealised: Money;
}

const CENTS = 2;
const BUYING_POWER = ratio('4');

export class Account {
  readonly #name: string;
  readonly #exchange: TwsExchange;
  readonly #market: Market;
  readonly #prices: Prices;

  constructor(name: string, exchange: TwsExchange, market: Market, contracts: Contracts) {
    this.#name = name;
    this.#exchange = exchange;
    this.#market = market;
    this.#prices = {
      mark: (contract) => market.mark(contract),
      usdRate: (currency) => exchange.usdRate(currency),
      underlying: (contract) => contracts.byId(contract.underlyingConId),
    };
  }

  /** All values, `All` keys in the order TWS has them. */
  values(): readonly Value[] {
    const cash = this.#cashInUsd();
    const { initial, maintenance } = this.#requirement();
    const equity = this.#equity(cash);
    const available = subtract(equity, initial);
    const usd = (key: string, value: Money): Value => ({ key, value: text(value), currency: 'USD' });
    return [
      { key: 'AccountType', value: 'INDIVIDUAL', currency: '' },
      usd('NetLiquidation', this.netLiquidation()),
      usd('TotalCashValue', cash),
      usd('SettledCash', cash),
      usd('EquityWithLoanValue', equity),
      usd('GrossPositionValue', this.#gross()),
      usd('InitMarginReq', initial),
      usd('MaintMarginReq', maintenance),
      usd('AvailableFunds', available),
      usd('ExcessLiquidity', subtract(equity, maintenance)),
      usd('BuyingPower', scale(available, BUYING_POWER)),
      ...[...this.#exchange.cash()].map(([currency, value]) => ({ key: 'CashBalance', value: text(value), currency })),
      ...[...this.#exchange.cash().keys()].map((currency) => ({
        key: 'ExchangeRate',
        value: this.#exchange.usdRate(currency) ?? '0',
        currency,
      })),
    ];
  }

  netLiquidation(): Money {
    return this.#sum(this.#cashInUsd(), (figures) => (figures.position.contract.secType === 'CASH' ? ZERO_MONEY : figures.value));
  }

  /** USD, over all positions. */
  unrealised(): Money {
    return this.#sum(ZERO_MONEY, (figures) => figures.unrealised);
  }

  figures(): readonly PositionFigures[] {
    return this.#exchange.positions().map((position) => this.figuresOf(position));
  }

  figuresOf(position: HeldPosition): PositionFigures {
    const { contract, qty, averagePrice } = position;
    const price = this.#market.mark(contract) ?? averagePrice;
    const value = valueOf(contract, qty, price);
    const cost = valueOf(contract, qty, averagePrice);
    return { position, price, value, cost, unrealised: subtract(value, cost) };
  }

  /** In USD at the pair's rate; in its own currency where no pair says. */
  inUsd(value: Money, currency: string): Money {
    return scale(value, ratio(this.#exchange.usdRate(currency) ?? '1'));
  }

  portfolioOf(figures: PositionFigures, realised: Money): Said {
    const { position, price, value, unrealised } = figures;
    const { contract } = position;
    return say('portfolioValue', {
      ...orderedContract(contract, contract.right === '' ? '0' : contract.right),
      exchange: contract.primaryExchange,
      position: position.qty,
      marketPrice: price,
      marketValue: text(value),
      averageCost: averageCost(position),
      unrealised: text(unrealised),
      realised: text(realised),
      account: this.#name,
    });
  }

  /** TWS leaves the exchange blank. */
  positionOf(contract: Contract): Said {
    const position = this.#exchange.position(contract.conId);
    const named = { ...orderedContract(contract), exchange: '' };
    if (position === undefined) return say('position', { account: this.#name, ...named, position: '0', averageCost: '0' });
    return say('position', { account: this.#name, ...named, position: position.qty, averageCost: averageCost(position) });
  }

  /** What a trade would do. Currency trades move cash both ways and leave the equity; bought options leave it by their premium. */
  effectOf(contract: Contract, change: Qty, at: Price): MarginEffect {
    const before = this.#requirement();
    const after = requirementOf(withTrade(this.#exchange.positions(), contract, change, at), this.#prices);
    const equity = this.#equity(this.#cashInUsd());
    const size = absolute(change);
    const commission = rounded(commissionOf(contract, size, at, this.#exchange.usdRate(contract.currency) ?? at, true), CENTS);
    const premium = contract.secType === 'OPT' ? this.inUsd(negate(valueOf(contract, change, at)), contract.currency) : ZERO_MONEY;
    return {
      initialBefore: before.initial,
      maintenanceBefore: before.maintenance,
      equityBefore: rounded(equity, CENTS),
      initialAfter: after.initial,
      maintenanceAfter: after.maintenance,
      equityAfter: rounded(subtract(add(equity, premium), commission), CENTS),
      commission,
    };
  }

  #requirement(): Requirement {
    return requirementOf(this.#exchange.positions(), this.#prices);
  }

  #cashInUsd(): Money {
    let total = ZERO_MONEY;
    for (const [currency, value] of this.#exchange.cash()) total = add(total, this.inUsd(value, currency));
    return total;
  }

  /** Cash and shares; options lend nothing. */
  #equity(cash: Money): Money {
    return this.#sum(cash, (figures) => (figures.position.contract.secType === 'STK' ? figures.value : ZERO_MONEY));
  }

  #gross(): Money {
    return this.#sum(ZERO_MONEY, ({ position, value }) => {
      if (position.contract.secType === 'CASH') return ZERO_MONEY;
      return value.startsWith('-') ? negate(value) : value;
    });
  }

  #sum(first: Money, of: (figures: PositionFigures) => Money): Money {
    return this.figures().reduce((sum, figures) => add(sum, this.inUsd(of(figures), figures.position.contract.currency)), first);
  }
}

/** Price times multiplier, as TWS gives it. */
function averageCost(position: HeldPosition): Price {
  return position.contract.multiplier === '' ? position.averagePrice : scale(position.averagePrice, ratio(position.contract.multiplier));
}

const text = (value: Money): string => rounded(value, CENTS);
