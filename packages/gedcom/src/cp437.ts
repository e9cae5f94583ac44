/** The upper half of the IBM PC's first character set, in which DOS programs wrote. */
const upperHalf =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

export function decodeCp437(bytes: Uint8Array): string {
  const parts: string[] = []
  const ascii = new TextDecoder('utf-8', { ignoreBOM: true })
  let runStart = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte < 0x80) continue
    if (at > runStart) parts.push(ascii.decode(bytes.subarray(runStart, at)))
    parts.push(upperHalf.charAt(byte - 0x80))
    runStart = at + 1
  }
  if (bytes.length > runStart) parts.push(ascii.decode(bytes.subarray(runStart)))
  return parts.join('')
}
