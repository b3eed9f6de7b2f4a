/** Of the product; the same as in pyproject.toml. */
export const VERSION = "0.1.0";
