/** Rows of a CSV file, plain or gzip, as a stream of batches: memory holds one batch, whatever the file's size. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';

export const ROW_BYTES_MAX = 1024;
const BATCH_ROWS = 512;
const GZIP_MAGIC = [0x1f, 0x8b];

/** The header is the first row. @throws Node's, zlib's or csv-parse's error where the file cannot be read as rows. */
export async function* readCells(path: string): AsyncGenerator<readonly (readonly string[])[]> {
  const zipped = await isGzip(path);
  const source = createReadStream(path);
  // Quotes have no meaning here: a quoted number is a wrong cell, and one row stays one line, so that line numbers are true.
  const parser = parse({ bom: true, quote: false, relax_column_count: true, max_record_size: ROW_BYTES_MAX });
  const failed = (): void => {
    // The iteration below throws the same error: `pipeline` destroys the parser with it.
  };
  if (zipped) pipeline(source, createGunzip(), parser, failed);
  else pipeline(source, parser, failed);
  let batch: string[][] = [];
  try {
    for await (const cells of parser) {
      // Without `columns` csv-parse yields arrays of text.
      batch.push(cells as string[]);
      if (batch.length < BATCH_ROWS) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(GZIP_MAGIC.length), 0, GZIP_MAGIC.length, 0);
    return bytesRead === GZIP_MAGIC.length && GZIP_MAGIC.every((byte, index) => buffer[index] === byte);
  } finally {
    await file.close();
  }
}
