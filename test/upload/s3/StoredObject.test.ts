import { assert, describe, it } from "@effect/vitest"
import { partBytesOf } from "../../../src/upload/s3/multipart.ts"
import { defaults } from "../../../src/upload/s3/S3Options.ts"
import { compare, type StoredObject } from "../../../src/upload/s3/StoredObject.ts"

const file = { bytes: 10, sha256: "beef", checksum: "own", compositeChecksum: "composite-2", md5: "d5", parts: [] }

describe("what a store reports of an object", () => {
  it.each<[string, StoredObject, ReturnType<typeof compare>]>([
    [
      "another size, before anything else",
      { bytes: 9, checksum: "own", claimedSha256: "beef", etag: "e" },
      "different"
    ],
    ["its own checksum", { bytes: 10, checksum: "own", claimedSha256: null, etag: "e" }, "equal"],
    [
      "its own checksum, before what is written beside it",
      { bytes: 10, checksum: "no", claimedSha256: "beef", etag: "e" },
      "different"
    ],
    ["its own checksum of the parts", { bytes: 10, checksum: "composite-2", claimedSha256: null, etag: "e" }, "equal"],
    [
      "parts that were cut in another way: to be read back",
      { bytes: 10, checksum: "other-3", claimedSha256: "beef", etag: "e" },
      "unknown"
    ],
    [
      "what was written beside it proves nothing of the body: to be read back",
      { bytes: 10, checksum: null, claimedSha256: "beef", etag: "e" },
      "unknown"
    ],
    [
      "its own MD5, where it keeps no checksum",
      { bytes: 10, checksum: null, claimedSha256: "beef", etag: "d5" },
      "equal"
    ],
    ["other content beside it", { bytes: 10, checksum: null, claimedSha256: "dead", etag: "e" }, "different"],
    ["nothing: to be read back", { bytes: 10, checksum: null, claimedSha256: null, etag: "e" }, "unknown"]
  ])("%s", (_, object, verdict) => {
    assert.strictEqual(compare(object, file), verdict)
  })
})

describe("parts", () => {
  const mebibyte = 1024 * 1024
  it.each([[16 * mebibyte - 1, null], [16 * mebibyte, 8 * mebibyte], [100_000 * mebibyte, 10 * mebibyte]])(
    "a file of %d bytes goes in parts of %d",
    (bytes, expected) => {
      const partBytes = partBytesOf(defaults, bytes)
      assert.strictEqual(partBytes, expected)
      if (partBytes !== null) assert.isAtMost(bytes / partBytes, 10_000)
    }
  )
})
