import { htmlPage, languageOf } from "../_shared/html.ts";

/** asked: the page with the button; done; unknown: nobody could be unsubscribed. */
export type Shown = "asked" | "done" | "unknown";

const WORDS = {
  en: {
    title: "Unsubscribe",
    asked: "Do you want no more mails from this sender?",
    done: "You will get no more mails from this sender.",
    unknown: "This mail is not known any more, so nothing was changed. " +
      "Should you get another mail from this sender, use the link below that one.",
  },
  fr: {
    title: "Se désinscrire",
    asked: "Ne plus recevoir de messages de cet expéditeur ?",
    done: "Vous ne recevrez plus de messages de cet expéditeur.",
    unknown: "Ce message n'est plus connu : rien n'a été changé. " +
      "Si vous recevez un autre message de cet expéditeur, utilisez le lien qu'il contient.",
  },
};

/** The page in a language of the Accept-Language header. */
export function page(accepted: string | null, shown: Shown): Response {
  const language = languageOf(accepted);
  const words = WORDS[language];
  const form = shown === "asked" ? `<form method="post"><button>${words.title}</button></form>` : "";
  return htmlPage(language, words.title, `<p>${words[shown]}</p>${form}`, shown === "unknown" ? 410 : 200);
}
