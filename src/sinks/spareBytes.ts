/** The size of a piece of something large: one size for all, so that whoever needs a piece finds one. */
export const pieceBytes = 256 * 1024

/** Smaller buffers are left to the garbage collector. */
const smallestBytes = 1024
/** Larger ones too: they come of a disk that was slow once. */
const largestBytes = 8 * 1024 * 1024
/** As many bytes may wait to be used again: of the lengths that are asked for, for those that nobody asks for any more make room. */
const keptBytes = 48 * 1024 * 1024

const spares = new Map<number, Array<Buffer>>()
let waitingBytes = 0

/**
 * A buffer with room for `bytes`, a power of two long and with anything in it. Buffers outside of the heap are costly garbage: for
 * some 64 MiB of them the garbage collector walks through the whole heap, which is why those of rows and of the journal are used again.
 */
export const take = (bytes: number): Buffer => {
  let length = 1
  while (length < bytes) length *= 2
  const spare = spares.get(length)?.pop()
  // Not from Node's own pool: a slice would keep its whole slab alive and make the account wrong.
  if (spare === undefined) return Buffer.allocUnsafeSlow(length)
  waitingBytes -= length
  return spare
}

/** Gives back a buffer that nobody uses any more, not even by a view. */
export const give = (buffer: Buffer): void => {
  const bytes = buffer.length
  if (bytes < smallestBytes || bytes > largestBytes) return
  const same = spares.get(bytes) ?? []
  spares.set(bytes, same)
  while (waitingBytes + bytes > keptBytes) {
    const most = mostWaiting()
    if (most === same) return
    waitingBytes -= most.pop()?.length ?? 0
  }
  same.push(buffer)
  waitingBytes += bytes
}

const mostWaiting = (): Array<Buffer> => {
  let most: Array<Buffer> = []
  let mostBytes = -1
  for (const [length, same] of spares) {
    if (length * same.length <= mostBytes) continue
    most = same
    mostBytes = length * same.length
  }
  return most
}
