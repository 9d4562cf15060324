/* swift-argument-parser refers to seven symbols of FoundationEssentials. For them a static
   program would contain 4 MB of that library: each of its files is one section, and most of them
   need most others. The linker finds these definitions first, so it adds nothing of the library.
   They are never called: their caller is replaced (Program/ArgumentParserJSON.swift). In a
   dynamic program the library has the symbols. */
#ifdef STATIC_PROGRAM
_Noreturn void nofoundation_encoder(void) __asm__("$s20FoundationEssentials11JSONEncoderCACycfc");
_Noreturn void nofoundation_encoder_type(void) __asm__("$s20FoundationEssentials11JSONEncoderCMa");
_Noreturn void nofoundation_sorted(void) __asm__(
    "$s20FoundationEssentials11JSONEncoderC16OutputFormattingV10sortedKeysAEvau");
_Noreturn void nofoundation_pretty(void) __asm__(
    "$s20FoundationEssentials11JSONEncoderC16OutputFormattingV13prettyPrintedAEvau");
_Noreturn void nofoundation_text(void) __asm__(
    "$sSS20FoundationEssentialsE4data8encodingSSSgAA4DataVh_SSAAE8EncodingVtcfC");
_Noreturn void nofoundation_encoding(void) __asm__("$sSS20FoundationEssentialsE8EncodingV4utf8ACvau");

void nofoundation_encoder(void) { __builtin_trap(); }
void nofoundation_encoder_type(void) { __builtin_trap(); }
void nofoundation_sorted(void) { __builtin_trap(); }
void nofoundation_pretty(void) { __builtin_trap(); }
void nofoundation_text(void) { __builtin_trap(); }
void nofoundation_encoding(void) { __builtin_trap(); }

/* The descriptor of the protocol LocalizedError, to which errors are cast. Package.swift
   substitutes the protocol of Program for it. */
extern const char nofoundation_localized_error[64] __asm__("$s20FoundationEssentials14LocalizedErrorMp");
const char nofoundation_localized_error[64] __attribute__((weak)) = {0};
#else
/* A translation unit needs at least one declaration. */
extern const int cnofoundation_is_dynamic;
const int cnofoundation_is_dynamic = 1;
#endif
