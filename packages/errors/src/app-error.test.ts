import { describe, expect, it } from 'vitest'
import { AppError, hasCode, toAppError } from './app-error.js'
import { errorCodes, isErrorCode, type ErrorCode } from './codes.js'
import { errorEnvelope, errorFields } from './envelope.js'

const codes = Object.keys(errorCodes) as ErrorCode[]

describe('an error of ours', () => {
  it.each(codes)('has the status and the retryability of its code: %s', (code) => {
    const error = new AppError(code, 'a reason')
    expect(error).toMatchObject({ name: 'AppError', message: 'a reason', details: {}, code })
    expect([error.status, error.retryable]).toEqual([
      errorCodes[code].status,
      errorCodes[code].retryable,
    ])
  })

  it('keeps its cause for the logs, and passes through unchanged', () => {
    const cause = new Error('connection refused')
    const error = new AppError('BACKEND_UNAVAILABLE', 'the database cannot be reached', { cause })
    expect(error.cause).toBe(cause)
    expect(toAppError(error)).toBe(error)
    expect('cause' in new AppError('NOT_FOUND', 'nothing')).toBe(false)
  })
})

describe('any other error', () => {
  it.each([new Error('password is hunter2'), 'text', null, undefined, { code: 'NOT_FOUND' }])(
    'becomes INTERNAL and reveals nothing: %j',
    (thrown) => {
      const error = toAppError(thrown)
      expect(error.code).toBe('INTERNAL')
      expect(error.cause).toBe(thrown)
      expect(JSON.stringify(errorEnvelope(thrown, 'request-1'))).not.toContain('hunter2')
    },
  )
})

describe('the envelope', () => {
  it('carries the same fields everywhere, and never the cause', () => {
    const error = new AppError('STALE_REVISION', 'somebody changed the story first', {
      cause: new Error('row version 4'),
      details: { expected: 3, current: 4 },
    })
    const fields = {
      code: 'STALE_REVISION',
      http_status: 409,
      retryable: false,
      request_id: 'request-1',
      details: { expected: 3, current: 4 },
    }
    expect(errorFields(error, 'request-1')).toEqual(fields)
    expect(errorEnvelope(error, 'request-1')).toEqual({
      error: { message: 'somebody changed the story first', ...fields },
    })
  })
})

describe('the codes', () => {
  it.each(codes)('mean a failure in HTTP: %s', (code) => {
    expect(errorCodes[code].status).toBeGreaterThanOrEqual(400)
    expect(errorCodes[code].status).toBeLessThan(600)
  })

  it('are recognised, and what every object has is not taken for one', () => {
    expect(codes.every(isErrorCode)).toBe(true)
    expect(['toString', '__proto__', 'constructor', '', 7, null].some(isErrorCode)).toBe(false)
  })

  it('are found on errors of other processes too', () => {
    expect(hasCode({ code: 'NOT_FOUND' }, 'NOT_FOUND')).toBe(true)
    expect(hasCode(new AppError('CONFLICT', 'x'), 'NOT_FOUND')).toBe(false)
    expect([null, 'NOT_FOUND', {}].some((value) => hasCode(value, 'NOT_FOUND'))).toBe(false)
  })
})
