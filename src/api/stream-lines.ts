/** A body of lines. Reads on only as fast as it is taken, and not at all once the reader or the gateway has gone. */
export function streamLines(
  lines: AsyncGenerator<string, void>,
  closing: AbortSignal,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (closing.aborted) {
          await lines.return();
          return controller.close();
        }
        const next = await lines.next();
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      async cancel() {
        await lines.return();
      },
    },
    { highWaterMark: 1 },
  );
}
