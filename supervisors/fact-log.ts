/** One readable line for each fact that a person watching a terminal cares about; the rest is in the journal. */
import type { Log } from '#protocol/ports.ts';
import type { EventOf, Fact } from '#trading/model/events.ts';

export function logFact(log: Log, fact: Fact): void {
  const { actor } = fact;
  switch (fact.type) {
    case 'order.approved': {
      const { intent, notional } = fact.body;
      log.info(
        { actor, id: intent.clientOrderId, notional, signal: intent.signal },
        `approved ${intent.kind} ${intent.side} ${intent.qty} ${intent.symbol}`,
      );
      return;
    }
    case 'order.refused': {
      const { symbol, kind, refusal } = fact.body;
      log.info({ actor, code: refusal.code, rule: refusal.rule }, `refused ${kind} ${symbol}: ${refusal.sentence}`);
      return;
    }
    case 'fill.recorded': {
      const { symbol, side, qty, price, fee, reason } = fact.body.fill;
      log.info({ actor, reason, fee }, `filled ${side} ${qty} ${symbol} at ${price}`);
      return;
    }
    case 'trade.closed': {
      const { symbol, pnl, fees, exitReason, budgetAfter } = fact.body.trade;
      log.info({ actor, reason: exitReason, fees, budget: budgetAfter }, `closed ${symbol}, PnL ${pnl} USD`);
      return;
    }
    case 'funding.booked':
    case 'fee.adjusted':
      logCash(log, fact);
      return;
    case 'stop.trailed':
    case 'stop.stands':
      logStop(log, fact);
      return;
    case 'dust.set_aside': {
      const { symbol, qty, value } = fact.body;
      log.info({ actor, value }, `set aside ${qty} ${symbol}: less than the smallest order`);
      return;
    }
    case 'position.settled': {
      const { symbol, qty, outcome, price } = fact.body;
      log.info({ actor, outcome, price }, `settled ${qty} ${symbol} at its expiry`);
      return;
    }
    case 'alarm.raised':
      log.warn({ actor, code: fact.body.code, id: fact.body.clientOrderId }, `alarm: ${fact.body.sentence}`);
      return;
    case 'order.ended':
      if (fact.body.status === 'filled' || fact.body.status === 'partially_filled') return;
      log.warn({ actor, id: fact.body.clientOrderId, why: fact.body.reason }, `order ${fact.body.status} ${fact.body.symbol}`);
      return;
    case 'tripwire.tripped':
      log.warn({ actor, asset: fact.body.asset, code: fact.body.refusal.code }, `tripwire: ${fact.body.refusal.sentence}`);
      return;
    case 'mode.requested':
      log.warn({ actor, source: fact.body.source }, `live of ${fact.body.asset} was requested and waits for its typed confirmation`);
      return;
    case 'mode.changed':
      log.warn(
        { actor, source: fact.body.source, why: fact.body.reason },
        `${fact.body.mode} of ${fact.body.asset} is ${fact.body.on ? 'on' : 'off'}`,
      );
      return;
    default:
      return;
  }
}

function logStop(log: Log, { actor, ...fact }: Fact<EventOf<'stop.trailed'> | EventOf<'stop.stands'>>): void {
  const { symbol, stopLoss, entryOrderId: id } = fact.body;
  if (fact.type === 'stop.stands') log.warn({ actor, id, why: fact.body.reason }, `the stop of ${symbol} is at ${stopLoss}`);
  // On paper it is no news: nothing was asked of anybody.
  else if (fact.body.mode === 'live') log.info({ actor, id }, `moved the stop of ${symbol} to ${stopLoss}`);
}

/** What moves money and no quantity. */
function logCash(log: Log, fact: Fact<EventOf<'funding.booked'> | EventOf<'fee.adjusted'>>): void {
  const { actor } = fact;
  if (fact.type === 'funding.booked') {
    const { symbol, amount, rate, at } = fact.body;
    log.info({ actor, rate, at }, `funding of ${symbol}: ${amount} USD`);
  } else {
    const { symbol, amount, fee, venueExecutionId } = fact.body;
    log.info({ actor, fee, execution: venueExecutionId }, `fee of ${symbol} was told late: ${amount} USD more than booked`);
  }
}
