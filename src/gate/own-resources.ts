/** Where the gateway's own resources stand, such as the card that shows a pending approval. */
export const OWN_RESOURCES = 'ui://countersign/';

/**
 * True for an address that is the gateway's own. What a downstream offers there is left out of every list and cannot be
 * read: otherwise a server could show its page where people expect the gateway's.
 */
export function isOwnResource(uri: string): boolean {
  // The scheme and the authority of a URI are the same in either case (RFC 3986 §6.2.2.1).
  return uri.toLowerCase().startsWith(OWN_RESOURCES);
}
