declare module 'pino-roll' {
  import type { SonicBoom } from 'sonic-boom';

  interface RollOptions {
    readonly file: string;
    readonly frequency?: 'daily' | 'hourly' | number;
    readonly size?: string | number;
    readonly limit?: { readonly count: number };
    readonly mode?: number;
    /** Bytes that wait to be written; more is dropped. */
    readonly maxLength?: number;
  }
  export default function build(options: RollOptions): Promise<SonicBoom>;
}
