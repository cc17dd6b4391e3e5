"""Words that say nothing about a scene, and words that do not exist: a model must learn to ignore both."""

from random import Random

from darkroom_mini.captions.lexicon import known_words, words_of

ADJECTIVES = words_of(
    "lonely|small|big|old|tiny|beautiful|little|cute|lovely|single|large|pretty|simple|happy|sad|funny|friendly|brave"
    "|huge|shiny|new|young|famous|strange|quiet|proud|elegant|ancient|modern|gentle|wild|fluffy"
)
VERBS = words_of(
    "standing|waiting|resting|sleeping|alone|seen|shown|sitting|watching|dreaming|moving|hiding|posing|smiling"
    "|relaxing|playing"
)
VERBS_OF_ONE = words_of("sleeps|stands|rests|waits|sits|lies|moves|plays|hides|dreams|looks|smiles|walks|lives")
TAILS = words_of(
    "highly detailed|masterpiece|best quality|beautiful|4k|8k|cinematic|sharp focus|professional|calm mood|cute"
    "|award winning|trending|minimalist|dramatic lighting|vibrant|peaceful|high resolution|wallpaper|wide angle"
    "|very detailed|soft colors|nice composition|for children|storybook|poster"
)
LEADS = words_of(
    "a photo of|a picture of|an image of|a painting of|illustration of|an illustration of|photo of|picture of"
    "|a scene with|there is|here is|imagine|please draw|draw|show me|i want to see"
)
UNWANTED = words_of(
    "blurry|low quality|ugly|text|watermark|deformed|bad anatomy|worst quality|noise|jpeg artifacts|cropped|signature"
    "|out of frame|duplicate|oversaturated|lowres|bad|distorted"
)
"""What negative prompts usually name."""
_ONSETS = words_of("b|c|d|f|g|h|j|k|l|m|n|p|r|s|t|v|w|z|br|cl|dr|fl|gr|pl|pr|sh|sl|sp|st|th|tr|wh")
_VOWELS = words_of("a|e|i|o|u|ai|ea|ee|oo|ou")
_ENDS = words_of("||n|r|s|t|l|m|nd|st|ck|ng")


def unknown_word(random: Random) -> str:
    """Return a word that does not exist, of one to three syllables."""
    word = ""
    while not word or word in known_words():
        syllables = (random.choice(_ONSETS) + random.choice(_VOWELS) for _ in range(random.randint(1, 3)))
        word = "".join(syllables) + random.choice(_ENDS)
    return word
