/**
 * Sends the session's CSRF token with what a page of ours asks: as a header of requests, and in the
 * first message of a socket. It reads the cookie each time, because signing in changes it.
 */
export const csrfScript = `
(() => {
  const token = () => /(?:^|; )(?:__Host-)?heirloom_csrf=([^;]+)/.exec(document.cookie)?.[1]
  const ask = window.fetch
  window.fetch = (input, init = {}) => {
    const given = token()
    const url = new URL(input instanceof Request ? input.url : input, location.href)
    if (given === undefined || url.origin !== location.origin) return ask(input, init)
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}))
    headers.set('x-csrf-token', given)
    return ask(input, { ...init, headers })
  }
  const send = WebSocket.prototype.send
  WebSocket.prototype.send = function (data) {
    const given = token()
    if (given === undefined || !String(data).includes('connection_init')) return send.call(this, data)
    const message = JSON.parse(data)
    if (message.type !== 'connection_init') return send.call(this, data)
    const payload = { ...message.payload, 'x-csrf-token': given }
    return send.call(this, JSON.stringify({ ...message, payload }))
  }
})()
`
