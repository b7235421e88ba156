const CONTENT_NAMES = 2 ** 46;
const CONTENT_SPAN = 2 ** 32;

/** Names a repeated content of a class among everything that prompts consist of. */
export const contentKeyOf = (classIndex: number, contentId: number): number => CONTENT_NAMES + classIndex * CONTENT_SPAN + contentId;
