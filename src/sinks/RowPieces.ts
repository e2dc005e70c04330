import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import * as spareBytes from "./spareBytes.ts"

/** The first piece of memory, where a row is not larger. */
const firstPieceBytes = 2048
/** Less than this is not worth a compression: what it takes to begin one would be most of it. */
const packedAtLeastBytes = 8 * 1024
/** Faster ones save half as much, slower ones hardly more. */
const packedLevel = 1

/** Memory that rows fill one after the other. */
export interface Piece {
  readonly bytes: Buffer
  used: number
}

/** Rows that are compressed until they are written. */
interface Packed {
  readonly bytes: Buffer
  /** Before compression. */
  readonly used: number
}

/**
 * The memory of encoded rows: compressed ones, then those as they came. No row is in two pieces. Packing lets many feeds that
 * bring little each fill a row group within the memory budget; whoever has a row group soon is better off without.
 */
export class RowPieces {
  readonly #packed: Array<Packed> = []
  readonly #pieces: Array<Piece> = []
  #packedFrom = 0
  #packedBytes = 0
  #capacity = 0

  /** Bytes of memory held, used or not. */
  get capacity(): number {
    return this.#capacity + this.#packedBytes
  }

  /** Those of them that are compressed rows. */
  get packedBytes(): number {
    return this.#packedBytes
  }

  /** The piece with room for `room` bytes more. */
  pieceFor(room: number): Piece {
    const last = this.#pieces[this.#pieces.length - 1]
    if (last !== undefined && last.bytes.length - last.used >= room) return last
    // A quarter of what there is: little is copied by nobody, and little of it stays empty.
    const length = Math.min(spareBytes.pieceBytes, Math.max(firstPieceBytes, this.#capacity / 4))
    const piece: Piece = { bytes: spareBytes.take(Math.max(room, length)), used: 0 }
    this.#pieces.push(piece)
    this.#capacity += piece.bytes.length
    return piece
  }

  /** The encoded rows from byte `from` on, as views that are valid until the rows are packed or released. */
  views(from = 0): ReadonlyArray<Buffer> {
    const views: Array<Buffer> = []
    let skip = from
    for (const { bytes, used } of this.#packed) {
      if (skip < used) views.push(unpacked(bytes, used).subarray(skip))
      skip = Math.max(0, skip - used)
    }
    for (const { bytes, used } of this.#pieces) {
      if (skip < used) views.push(bytes.subarray(skip, used))
      skip = Math.max(0, skip - used)
    }
    return views
  }

  /** What `use` makes of all encoded rows, in their order. The views that it is given end with it: it must keep none of them. */
  read<A>(use: (views: ReadonlyArray<Buffer>) => A): A {
    const views = this.views()
    try {
      return use(views)
    } finally {
      for (const view of views.slice(0, this.#packed.length)) endView(view)
    }
  }

  /** How many bytes of encoded rows `pack` takes on at once, of the first `through` bytes. */
  packable(through: number): number {
    let end = this.#packedFrom
    let bytes = 0
    // The last one is still written to.
    for (const { used } of this.#pieces.slice(0, -1)) {
      end += used
      if (end > through || (bytes > 0 && bytes + used > spareBytes.pieceBytes)) break
      bytes += used
    }
    return bytes < packedAtLeastBytes ? 0 : bytes
  }

  /** Compresses what is `packable`. */
  pack(through: number): void {
    const bytes = this.packable(through)
    if (bytes === 0) return
    const together = spareBytes.take(bytes)
    let at = 0
    let pieces = 0
    for (; at < bytes; pieces++) {
      const { bytes: from, used } = this.#pieces[pieces]!
      at += from.copy(together, at, 0, used)
    }
    const packed = compressed(together.subarray(0, bytes))
    spareBytes.give(together)
    for (const { bytes } of this.#pieces.splice(0, pieces)) {
      this.#capacity -= bytes.length
      spareBytes.give(bytes)
    }
    this.#packed.push({ bytes: packed, used: bytes })
    this.#packedFrom += bytes
    this.#packedBytes += packed.length
  }

  release(): void {
    for (const { bytes } of this.#pieces.splice(0)) spareBytes.give(bytes)
    this.#packed.length = 0
    this.#capacity = 0
    this.#packedBytes = 0
  }
}

/** In memory of its own size: what the library answers is the beginning of something larger. */
const compressed = (bytes: Buffer): Buffer => {
  const params = { [constants.ZSTD_c_compressionLevel]: packedLevel }
  const answer = zstdCompressSync(bytes, { params, pledgedSrcSize: bytes.length, chunkSize: bytes.length >>> 2 })
  const own = Buffer.allocUnsafeSlow(answer.length)
  answer.copy(own)
  return own
}

// With room for one byte more, it does not ask for a second piece of memory to end in; and larger than Node's pool, which others use too.
const unpacked = (bytes: Buffer, used: number): Buffer =>
  zstdDecompressSync(bytes, { chunkSize: Math.max(used, Buffer.poolSize) + 1 })

/**
 * Gives back the memory of what was unpacked. Left to the garbage collector it would stay until that has walked through the whole heap, for
 * the library's handle of it outlives a collection of young objects.
 */
const endView = ({ buffer }: Buffer): void => {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0)
}
