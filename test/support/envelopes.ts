import type { Envelope } from '#protocol/actor.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Message } from '#trading/model/messages.ts';
import { price, qty } from '#trading/money/decimal.ts';

export function envelope(id: string, message: Message, more: Partial<Pick<Envelope, 'from' | 'to' | 'cause' | 'correlation'>> = {}): Envelope {
  return { from: 'a', to: 'b', at: 1, epoch: 1, cause: null, correlation: id, ...more, ...message, id };
}

export function quote(id: string, symbol = 'BTC/USDT', volume: string | null = null): QuoteSnapshot {
  return {
    id,
    broker: 'bybit',
    asset: 'crypto_spot',
    symbol,
    bid: price('100'),
    ask: price('101'),
    bidQty: null,
    askQty: null,
    last: null,
    volume: volume === null ? null : qty(volume),
    exchangeAt: 1,
    receivedAt: 1,
  };
}

export const quoteMessage = (id: string, symbol?: string, volume: string | null = null): Message => ({
  type: 'quote.received',
  body: { quote: quote(id, symbol, volume) },
});

export function fact(seq: number, type: 'kill.tripped' | 'system.stopped' = 'system.stopped', actor = 'system'): Fact {
  const event =
    type === 'kill.tripped'
      ? ({ type, body: { scope: 'all', reason: `fact ${seq}`, source: 'test', flatten: false } } as const)
      : ({ type, body: { reason: `fact ${seq}` } } as const);
  return { ...event, seq, at: 1, actor, version: 1, cause: null };
}

export const factMessage = (seq: number, type?: 'kill.tripped' | 'system.stopped'): Message => ({
  type: 'fact.recorded',
  body: { fact: fact(seq, type) },
});
