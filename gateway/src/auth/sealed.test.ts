import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cookiesFor } from './cookies.js'
import { createKeyring } from './sealed.js'

const older = { kid: 'older', key: randomBytes(32) }
const newer = { kid: 'newer', key: randomBytes(32) }
const row = randomBytes(32)

describe('what is sealed', () => {
  it('opens with the key it was sealed with, also after a new one came', () => {
    const sealed = createKeyring([older]).seal({ token: 'secret' }, row)
    expect(sealed.key_id).toBe('older')
    expect(sealed.sealed.includes('secret')).toBe(false)
    const rotated = createKeyring([newer, older])
    expect(rotated.open(sealed, row)).toEqual({ token: 'secret' })
    expect(rotated.seal({}, row).key_id).toBe('newer')
  })

  it('stays shut without its key, in another row, and when a bit of it has changed', () => {
    const keyring = createKeyring([older])
    const sealed = keyring.seal({ token: 'secret' }, row)
    expect(createKeyring([newer]).open(sealed, row)).toBeUndefined()
    expect(createKeyring([{ ...newer, kid: 'older' }]).open(sealed, row)).toBeUndefined()
    expect(keyring.open(sealed, randomBytes(32))).toBeUndefined()
    for (const index of [0, 12, 28, sealed.sealed.length - 1]) {
      const tampered = Buffer.from(sealed.sealed)
      tampered.writeUInt8(tampered.readUInt8(index) ^ 1, index)
      expect(keyring.open({ ...sealed, sealed: tampered }, row)).toBeUndefined()
    }
    expect(keyring.open({ ...sealed, sealed: Buffer.alloc(5) }, row)).toBeUndefined()
  })

  it('is different each time', () => {
    const keyring = createKeyring([older])
    expect(keyring.seal(1, row).sealed).not.toEqual(keyring.seal(1, row).sealed)
  })
})

describe('cookies', () => {
  it('belong to this very host over https, and are never sent over anything else', () => {
    const { session, signIn, options } = cookiesFor(new URL('https://heirloom.test'))
    expect([session, signIn]).toEqual(['__Host-heirloom_session', '__Host-heirloom_sign_in'])
    expect(options).toEqual({ httpOnly: true, sameSite: 'lax', secure: true, path: '/' })
  })
})
