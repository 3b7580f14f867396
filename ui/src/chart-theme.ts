/** What all charts share: the page's colours, resolved, since a canvas knows no custom properties. */
import { ColorType, CrosshairMode, LineStyle, type ChartOptions, type DeepPartial } from 'lightweight-charts';
import type { ChartColours } from './chart-colours.ts';

const CLEAR = 'rgba(0, 0, 0, 0)';

/** Read from `element`, where the theme holds. */
export function coloursOf(element: HTMLElement): ChartColours {
  const probe = document.createElement('span');
  element.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    text: read('muted'),
    grid: read('grid'),
    line: read('line'),
    gain: read('gain'),
    loss: read('loss'),
    accent: read('accent'),
    warn: read('warn'),
    panel: read('panel'),
  };
  probe.remove();
  return colours;
}

/** A computed colour (`rgb(…)`) with another opacity. */
export function fade(rgb: string, alpha: number): string {
  const [red = '0', green = '0', blue = '0'] = rgb.match(/[\d.]+/g) ?? [];
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

export function chartOptions(colours: ChartColours): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: CLEAR },
      textColor: colours.text,
      fontFamily: 'system-ui, sans-serif',
      fontSize: 11,
      // The logo brings a style of its own, which the page's policy refuses; the footer names the library instead.
      attributionLogo: false,
    },
    grid: { vertLines: { color: colours.grid }, horzLines: { color: colours.grid } },
    rightPriceScale: { borderColor: colours.line, scaleMargins: { top: 0.12, bottom: 0.12 } },
    timeScale: { borderColor: colours.line, timeVisible: true, secondsVisible: false, rightOffset: 5, barSpacing: 7, minBarSpacing: 0.05 },
    // Not the browser's own: its name for a locale is not always one that its own formatters take.
    localization: { locale: 'en-US' },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: colours.text, width: 1, style: LineStyle.Dotted, labelBackgroundColor: colours.accent },
      horzLine: { color: colours.text, width: 1, style: LineStyle.Dotted, labelBackgroundColor: colours.accent },
    },
  };
}
