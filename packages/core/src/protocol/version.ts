/**
 * The number of the language that manager and agent speak.
 *
 * Raised with every change that an older peer would misread. Both sides name theirs first; a
 * difference ends the link with a sentence that names both versions.
 */
export const PROTOCOL_VERSION = 5;

/** The version of this package; both sides name it when they cannot understand each other. */
export const PSTAR_VERSION = '0.0.0';
