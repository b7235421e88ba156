/** What a piece of text means; color and weight follow from it. Nothing is said by color alone. */
export type Style = "plain" | "strong" | "faint" | "good" | "fair" | "bad" | "accent" | "goodBadge" | "fairBadge" | "badBadge" | "heading";
