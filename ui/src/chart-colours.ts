/** The colours that charts use, as a canvas takes them: `rgb(…)`. Apart from what reads them, which needs a document. */
export interface ChartColours {
  readonly text: string;
  readonly grid: string;
  readonly line: string;
  readonly gain: string;
  readonly loss: string;
  readonly accent: string;
  readonly warn: string;
  readonly panel: string;
}
