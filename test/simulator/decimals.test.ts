import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { bigDecimal, fixed, fixed8, javaDouble, pythonFloat, toNumber, trimmed } from "../../src/simulator/decimals.ts"

const Units = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 900_000_000_000 }))
const Decimals = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 }))

describe("decimals", () => {
  it("writes numbers as they were seen on the wire", () => {
    assert.strictEqual(fixed8(8_303_429, 2), "83034.29000000")
    assert.strictEqual(fixed8(106_691_000, 0), "106691000.00000000")
    assert.strictEqual(fixed8(62_000, 8), "0.00062000")
    assert.strictEqual(trimmed(7_871_500, 2), "78715")
    assert.strictEqual(trimmed(7_872_230, 2), "78722.3")
    assert.strictEqual(trimmed(0, 8), "0")
    assert.strictEqual(trimmed(500, 0), "500")
    assert.strictEqual(javaDouble(116_539_000, 0), "1.16539E8")
    assert.strictEqual(javaDouble(100_000_000, 0), "1.0E8")
    assert.strictEqual(javaDouble(79_276, 8), "7.9276E-4")
    assert.strictEqual(javaDouble(12_700, 2), "127.0")
    assert.strictEqual(javaDouble(2_054_761, 8), "0.02054761")
    assert.strictEqual(javaDouble(100_000, 8), "0.001")
    assert.strictEqual(javaDouble(0, 8), "0.0")
    assert.strictEqual(pythonFloat(91_200_000, 0), "91200000.0")
    assert.strictEqual(pythonFloat(10_971, 8), "0.00010971")
    assert.strictEqual(pythonFloat(5_485, 8), "5.485e-05")
    assert.strictEqual(pythonFloat(1, 8), "1e-08")
    assert.strictEqual(pythonFloat(-224_000, 0), "-224000.0")
    assert.strictEqual(pythonFloat(0, 8), "0.0")
    assert.strictEqual(bigDecimal(6, 8), "6E-8")
    assert.strictEqual(bigDecimal(72, 8), "7.2E-7")
    assert.strictEqual(bigDecimal(100, 8), "0.000001")
    assert.strictEqual(bigDecimal(106_705_000, 0), "106705000")
    assert.strictEqual(bigDecimal(906_333, 8), "0.00906333")
  })

  it.prop("every notation is JSON for the same number", [Units, Decimals], ([units, decimals]) => {
    const number = toNumber(units, decimals)
    for (const notation of [fixed, fixed8, trimmed, javaDouble, bigDecimal, pythonFloat]) {
      assert.strictEqual(JSON.parse(notation(units, decimals)), number, notation.name)
    }
  })
})
