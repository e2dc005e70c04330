import { createPrivateKey, type KeyObject } from "node:crypto"
import { Clock, Effect, Layer, Random, Redacted } from "effect"
import { SignJWT } from "jose"
import { TokenError, Tokens } from "./Tokens.ts"

/** Coinbase ends the life of a token after two minutes (Coinbase App authentication, WebSocket). */
const lifetimeSecs = 120

const expected =
  "expected is the key as Coinbase issues it, from -----BEGIN EC PRIVATE KEY----- to -----END EC PRIVATE KEY-----, with line breaks as they are or written as \\n"

// What the runtime says about a key that it cannot use is left out on purpose: nothing of a key may reach a log.
const reasons = {
  noKeyName: "COINBASE_API_KEY is empty: set it to the name of the key, organizations/.../apiKeys/...",
  notAKey: `COINBASE_API_SECRET is not an EC P-256 private key in PEM form; ${expected}`,
  wrongKeyType:
    `COINBASE_API_SECRET is a private key, but not an EC P-256 private key: create the key at Coinbase with the signature algorithm ECDSA; ${expected}`,
  signingFailed: "the token for Coinbase could not be signed with COINBASE_API_SECRET"
}

const failure = (reason: keyof typeof reasons): TokenError => new TokenError({ reason: reasons[reason] })

/** What Coinbase issued for signing tokens. */
export interface Credentials {
  /** `organizations/<id>/apiKeys/<id>`. */
  readonly keyName: string
  /** PEM text (SEC1 or PKCS#8); quotes around it and line breaks written as `\n` are accepted. */
  readonly privateKeyPem: Redacted.Redacted
}

/** Makes tokens for subscribe messages. */
interface TokenSource {
  /** A fresh token, for one message. */
  readonly token: Effect.Effect<string, TokenError>
}

const pemOf = (secret: string): string => secret.trim().replace(/^(["'])(.*)\1$/s, "$2").replaceAll("\\n", "\n").trim()

const readKey = (pem: Redacted.Redacted): Effect.Effect<KeyObject, TokenError> =>
  Effect.try({
    try: () => createPrivateKey(pemOf(Redacted.value(pem))),
    catch: () => failure("notAKey")
  })

const isP256 = (key: KeyObject): boolean =>
  key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1"

const nonce = Effect.map(
  Effect.all(Array.from({ length: 4 }, () => Random.nextIntBetween(0, 0xffff_ffff))),
  (parts) => parts.map((part) => part.toString(16).padStart(8, "0")).join("")
)

/** Checks the credentials and gives a source of ES256 tokens as Coinbase's WebSocket takes them: no `uri`, two minutes. */
export const makeTokenSource = Effect.fn("CoinbaseToken.makeTokenSource")(function*(credentials: Credentials) {
  const keyName = credentials.keyName.trim()
  if (keyName === "") return yield* failure("noKeyName")
  const key = yield* readKey(credentials.privateKeyPem)
  if (!isP256(key)) return yield* failure("wrongKeyType")
  const token = Effect.gen(function*() {
    const nowSecs = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const header = { alg: "ES256", kid: keyName, typ: "JWT", nonce: yield* nonce }
    const claims = { iss: "cdp", sub: keyName, nbf: nowSecs, exp: nowSecs + lifetimeSecs }
    return yield* Effect.tryPromise({
      try: () => new SignJWT(claims).setProtectedHeader(header).sign(key),
      catch: () => failure("signingFailed")
    })
  })
  return { token } satisfies TokenSource
})

/** Tokens for Coinbase, none for the other venues. */
export const layer = (credentials: Credentials) =>
  Layer.effect(
    Tokens,
    Effect.map(makeTokenSource(credentials), ({ token }) =>
      Tokens.of({ next: (venue) => venue === "coinbase" ? token : Effect.succeed(null) }))
  )
