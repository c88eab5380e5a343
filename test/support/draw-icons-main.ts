import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { launchBrowser } from './browser.ts';

/**
 * Draws the dashboard's icons from its favicon with the bundled Chromium: `node test/support/draw-icons-main.ts`. Where the
 * system cuts the shape itself, the drawing fills the whole square and keeps its mark within the middle.
 */

const PUBLIC = fileURLToPath(new URL('../../src/dashboard/browser/public/', import.meta.url));
const ICONS = [
  { name: 'icon-192.png', size: 192, mark: 192, whole: false },
  { name: 'icon-512.png', size: 512, mark: 512, whole: false },
  { name: 'icon-maskable-512.png', size: 512, mark: 416, whole: true },
  { name: 'apple-touch-icon.png', size: 180, mark: 180, whole: true },
] as const;

function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG (ISO/IEC 15948) of a square of RGBA pixels. Rows are not filtered: flat colours come out smaller so. */
function png(size: number, pixels: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const rows = Array.from({ length: size }, (_, y) =>
    Buffer.concat([Buffer.alloc(1), pixels.subarray(y * size * 4, (y + 1) * size * 4)]),
  );
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const favicon = readFileSync(`${PUBLIC}favicon.svg`, 'utf8');
const ground = /fill="(#[0-9a-f]{6})"/.exec(favicon)?.[1] ?? '';
const { browser, close } = await launchBrowser();
try {
  const page = await browser.newPage();
  for (const { name, size, mark, whole } of ICONS) {
    const sized = favicon.replace('<svg ', `<svg width="${mark}" height="${mark}" `);
    const source = `data:image/svg+xml;base64,${Buffer.from(sized).toString('base64')}`;
    // Text, not a function: these files are compiled without the types of the DOM.
    const pixels = await page.evaluate<string>(`(async () => {
      const canvas = new OffscreenCanvas(${size}, ${size});
      const context = canvas.getContext('2d');
      context.fillStyle = '${ground}';
      if (${whole}) context.fillRect(0, 0, ${size}, ${size});
      const image = new Image();
      image.src = '${source}';
      await image.decode();
      context.drawImage(image, ${(size - mark) / 2}, ${(size - mark) / 2}, ${mark}, ${mark});
      return new Uint8Array(context.getImageData(0, 0, ${size}, ${size}).data.buffer).toBase64();
    })()`);
    writeFileSync(`${PUBLIC}${name}`, png(size, Buffer.from(pixels, 'base64')));
  }
} finally {
  await close();
}
