// Shown in the browser, these types cannot run script; all others are only saved. SVG can.
const shownInline = /^(audio|video)\/|^image\/(?!svg)/

/**
 * RFC 6266 with the extended parameter of RFC 8187: a plain name for old clients, and the real one.
 */
export function contentDisposition(fileName: string, contentType: string): string {
  const plain = fileName.replaceAll(/[^\x20-\x7e]|["%\\]/g, '_')
  const extended = encodeURIComponent(fileName).replaceAll(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  const how = shownInline.test(contentType) ? 'inline' : 'attachment'
  return `${how}; filename="${plain}"; filename*=UTF-8''${extended}`
}
