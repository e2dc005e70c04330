import { assert, describe, it } from "@effect/vitest"
import { Effect, Random, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { jwtVerify } from "jose"
import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { layer, makeTokenSource } from "../../src/feeds/CoinbaseToken.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"

const keyName = "organizations/0000/apiKeys/1111"
const nowSecs = 1_790_000_000

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" })

const pem = (key: KeyObject, type: "pkcs8" | "sec1"): string => key.export({ type, format: "pem" }).toString()

const sec1 = pem(p256.privateKey, "sec1")
const pkcs8 = pem(p256.privateKey, "pkcs8")

const sourceOf = (secret: string, name = keyName) =>
  makeTokenSource({ keyName: name, privateKeyPem: Redacted.make(secret) })

const verify = (token: string, atSecs = nowSecs) =>
  Effect.promise(() =>
    jwtVerify(token, p256.publicKey, { currentDate: new Date(atSecs * 1000), algorithms: ["ES256"] })
  )

describe("CoinbaseToken", () => {
  const spellings = {
    "SEC1": sec1,
    "PKCS#8": pkcs8,
    "escaped line breaks": sec1.replaceAll("\n", "\\n"),
    "double quotes": ` "${pkcs8.replaceAll("\n", "\\n")}"\n`,
    "single quotes": `'${sec1}'`,
    "Windows line breaks": sec1.replaceAll("\n", "\r\n")
  }

  for (const [name, secret] of Object.entries(spellings)) {
    it.effect(`signs with a key as ${name}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(nowSecs * 1000 + 999)
        const { token } = yield* sourceOf(secret, ` ${keyName}\n`)
        const { payload, protectedHeader } = yield* verify(yield* token)
        assert.deepStrictEqual(payload, { iss: "cdp", sub: keyName, nbf: nowSecs, exp: nowSecs + 120 })
        const { nonce, ...header } = protectedHeader
        assert.deepStrictEqual(header, { alg: "ES256", kid: keyName, typ: "JWT" })
        assert.match(String(nonce), /^[0-9a-f]{32}$/)
      }))
  }

  it.effect("makes a fresh token for every message", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(nowSecs * 1000)
      const { token } = yield* sourceOf(sec1)
      const first = yield* verify(yield* token)
      const second = yield* verify(yield* token)
      assert.notStrictEqual(first.protectedHeader.nonce, second.protectedHeader.nonce)
      yield* TestClock.adjust("90 seconds")
      const third = yield* verify(yield* token, nowSecs + 90)
      assert.deepInclude(third.payload, { nbf: nowSecs + 90, exp: nowSecs + 210 })
    }).pipe(Random.withSeed("token")))

  const refused = {
    "an empty secret": ["", /COINBASE_API_SECRET is not an EC P-256 private key in PEM form/],
    "garbage": ["s3cr3t-garbage", /COINBASE_API_SECRET is not an EC P-256 private key in PEM form/],
    "a damaged key": [sec1.replace(/\n.{20}/, "\n"), /COINBASE_API_SECRET is not an EC P-256 private key/],
    "a public key": [
      p256.publicKey.export({ type: "spki", format: "pem" }).toString(),
      /is not an EC P-256 private key/
    ],
    "another curve": [
      pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey, "sec1"),
      /not an EC P-256 private key: create the key at Coinbase with the signature algorithm ECDSA/
    ],
    "Ed25519": [pem(generateKeyPairSync("ed25519").privateKey, "pkcs8"), /not an EC P-256 private key: create/]
  } as const

  for (const [name, [secret, expected]] of Object.entries(refused)) {
    it.effect(`refuses ${name} in words that hold nothing of it`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(sourceOf(secret))
        assert.strictEqual(error._tag, "TokenError")
        assert.match(error.message, expected)
        const shown = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
        for (const line of secret.split("\n").filter((line) => line.length > 8 && !line.startsWith("-----"))) {
          assert.notInclude(shown, line)
        }
      }))
  }

  it.effect("refuses an empty key name", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(sourceOf(sec1, " "))
      assert.match(error.message, /COINBASE_API_KEY is empty/)
    }))

  it.effect("gives tokens to Coinbase alone", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(nowSecs * 1000)
      const tokens = yield* Tokens
      assert.isNull(yield* tokens.next("upbit"))
      const token = yield* tokens.next("coinbase")
      assert.strictEqual((yield* verify(token ?? "")).payload.sub, keyName)
    }).pipe(Effect.provide(layer({ keyName, privateKeyPem: Redacted.make(sec1) }))))
})
