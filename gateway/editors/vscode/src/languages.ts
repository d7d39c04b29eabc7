// Which languages the server answers for: those that it announced when it was last started here. Pure.

/** Until a server said otherwise. */
export const FIRST_LANGUAGES: readonly string[] = ["python"];

/** The languages that an `initialize` result announces, in a fixed order; none if it announces none. */
export function announcedLanguages(capabilities: { readonly experimental?: unknown } | undefined): string[] | undefined {
    const experimental = capabilities?.experimental as { languages?: unknown } | null | undefined;
    const languages = experimental?.languages;
    if (!Array.isArray(languages)) {
        return undefined;
    }
    return [...new Set(languages.filter((one): one is string => typeof one === "string" && one !== ""))].sort();
}

/** Those of the announced languages that the user wants from this server; all of them where nothing was said. */
export function chosenLanguages(announced: readonly string[], wanted: readonly string[]): readonly string[] {
    return wanted.length === 0 ? announced : announced.filter((language) => wanted.includes(language));
}

/** Whether two sets of languages are the same. */
export function sameLanguages(one: readonly string[], other: readonly string[]): boolean {
    return one.length === other.length && one.every((language) => other.includes(language));
}
