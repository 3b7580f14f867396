/** From the view's bars and fills to what the chart library draws. */
import type { CandlestickData, SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts';
import { isOptionSymbol } from '#trading/model/option.ts';
import type { ChartBar, MarkerView } from '#protocol/view.ts';
import type { ChartColours } from './chart-colours.ts';

const BAR_SECONDS = 60;

/** The view's times are UTC seconds already; the library wants them branded. */
const chartTime = (seconds: number): UTCTimestamp => seconds as UTCTimestamp;

export const candle = ({ time, open, high, low, close }: ChartBar): CandlestickData<Time> => ({ time: chartTime(time), open, high, low, close });

const EXIT_WORDS: Readonly<Record<string, string>> = { take_profit: 'TP', stop_loss: 'SL', exit: 'exit', flatten: 'flat' };

/** Entries are arrows, exits circles with their reason; only what lies on the bars shown. */
export function markersOf(markers: readonly MarkerView[], symbol: string, bars: readonly ChartBar[], colours: ChartColours): SeriesMarker<Time>[] {
  const first = bars[0]?.time ?? Infinity;
  return markers
    .filter((marker) => marker.symbol === symbol && marker.time >= first)
    .map(({ time, side, reason }) => {
      const at = chartTime(Math.floor(time / BAR_SECONDS) * BAR_SECONDS);
      const position = side === 'buy' ? ('belowBar' as const) : ('aboveBar' as const);
      if (reason === 'entry')
        return { time: at, position, shape: side === 'buy' ? ('arrowUp' as const) : ('arrowDown' as const), color: colours.accent };
      const color = reason === 'take_profit' ? colours.gain : reason === 'stop_loss' ? colours.loss : colours.warn;
      return { time: at, position, shape: 'circle' as const, color, text: EXIT_WORDS[reason] ?? reason, size: 0.8 };
    });
}

/** Which symbols have a tab: all but the options that nobody holds, traded or looks at; there are dozens of them for each share. */
export const tabbed = (symbols: readonly string[], isOfUse: (symbol: string) => boolean): readonly string[] =>
  symbols.filter((symbol) => !isOptionSymbol(symbol) || isOfUse(symbol));
