/* Numbers out of JSON text, correctly rounded. strtod would do, but it follows the locale, wants a
 * terminator, and takes ten times as long: a results file is mostly numbers. */
#include "json/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the grammar --------------------------------------------------------------------------------------- */

static const char *skip_digits(const char *text, const char *end)
{
    while (text < end && *text >= '0' && *text <= '9') text++;
    return text;
}

bool duet_json_is_number(const char *text, size_t length)
{
    const char *end = text + length;
    if (text < end && *text == '-') text++;
    const char *digits = text;
    text = skip_digits(text, end);
    if (text == digits || (*digits == '0' && text > digits + 1)) return false;
    if (text < end && *text == '.') {
        digits = ++text;
        text = skip_digits(text, end);
        if (text == digits) return false;
    }
    if (text < end && (*text | 0x20) == 'e') {
        text++;
        if (text < end && (*text == '+' || *text == '-')) text++;
        digits = text;
        text = skip_digits(text, end);
        if (text == digits) return false;
    }
    return text == end;
}

/* Powers of ten that a double holds exactly. */
static const double tens[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* --- values -------------------------------------------------------------------------------------------- */

/* A number taken apart: +-digits * 10^exponent. */
struct parts {
    bool negative;
    uint64_t digits; /* the first 19 significant ones */
    int64_t exponent;
    bool exact; /* no digits were left over */
};

#define EXPONENT_LIMIT 100000 /* past any double, far from overflow */

/* The number after 'e', held within the limit. */
static int64_t exponent_of(const char *text, const char *end)
{
    bool negative = text < end && *text == '-';
    int64_t value = 0;
    if (text < end && (*text == '-' || *text == '+')) text++;
    for (; text < end && value < EXPONENT_LIMIT; text++) value = value * 10 + (*text - '0');
    return negative ? -value : value;
}

static struct parts take_apart(const struct duet_json_token *token)
{
    struct parts parts = {.exact = true};
    const char *text = token->text, *end = text + token->length;
    int count = 0;
    bool fraction = false;
    if (text < end && *text == '-') parts.negative = true, text++;
    for (; text < end && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            fraction = true;
        } else if (count < 19) {
            parts.digits = parts.digits * 10 + (uint64_t)(*text - '0');
            if (parts.digits) count++;
            parts.exponent -= fraction;
        } else {
            if (*text != '0') parts.exact = false;
            parts.exponent += !fraction;
        }
    }
    if (text < end) parts.exponent += exponent_of(text + 1, end);
    return parts;
}

/* Any number, through strtod: written without a point it means the same in every locale. A double is decided
 * by at most 767 digits and whether anything follows them. */
static double through_strtod(const struct duet_json_token *token)
{
    enum { DIGITS = 780 };
    char plain[DIGITS + 32];
    size_t length = 0;
    int64_t exponent = 0;
    bool fraction = false, rest = false;
    const char *text = token->text, *end = text + token->length;
    if (*text == '-') text++;
    for (; text < end && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            fraction = true;
        } else if (length < DIGITS) {
            if (length || *text != '0') plain[length++] = *text;
            exponent -= fraction;
        } else {
            rest |= *text != '0';
            exponent += !fraction;
        }
    }
    if (text < end) exponent += exponent_of(text + 1, end);
    if (rest) {
        plain[length++] = '1';
        exponent--;
    }
    if (length == 0) plain[length++] = '0';
    snprintf(plain + length, sizeof plain - length, "e%lld", (long long)exponent);
    return strtod(plain, NULL);
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* digits / 10^power for power 1..19, rounded once: the quotient has at least 63 bits, and whether there was a
 * remainder is kept in the lowest, far below where a double rounds. */
static double divide(uint64_t digits, int power)
{
    int shift = 64 + __builtin_clzll(digits);
    wide dividend = (wide)digits << shift, divisor = (uint64_t)tens[power];
    wide quotient = dividend / divisor;
    quotient |= quotient * divisor != dividend;
    return ldexp((double)quotient, -shift);
}
#endif

static double magnitude(const struct duet_json_token *token, const struct parts *parts)
{
    if (parts->exact && parts->digits == 0) return 0;
    if (parts->exact && parts->digits <= (uint64_t)1 << 53) { /* one operation rounds once */
        if (parts->exponent >= 0 && parts->exponent <= 22)
            return (double)parts->digits * tens[parts->exponent];
        if (parts->exponent < 0 && parts->exponent >= -22)
            return (double)parts->digits / tens[-parts->exponent];
    }
#ifdef __SIZEOF_INT128__
    if (parts->exact && parts->exponent < 0 && parts->exponent >= -19)
        return divide(parts->digits, (int)-parts->exponent);
#endif
    return through_strtod(token);
}

/* Short numbers without exponent, which is what files are full of: at most 15 digits fit a double exactly,
 * and one division then rounds once. False: it is not one of those. Half the time of the general way. */
static bool read_short(const struct duet_json_token *token, double *value)
{
    enum { LONGEST = 15 };
    const char *text = token->text, *end = text + token->length;
    bool negative = *text == '-';
    text += negative;
    if (end - text > LONGEST + 1) return false;
    uint64_t digits = 0;
    unsigned digit;
    for (; text < end && (digit = (unsigned)(*text - '0')) < 10; text++) digits = digits * 10 + digit;
    ptrdiff_t decimals = 0;
    if (text < end && *text == '.') {
        const char *point = ++text;
        for (; text < end && (digit = (unsigned)(*text - '0')) < 10; text++) digits = digits * 10 + digit;
        decimals = text - point;
    } else if (end - token->text - negative > LONGEST) {
        return false;
    }
    if (text < end) return false;
    double unsigned_value = (double)digits / tens[decimals];
    *value = negative ? -unsigned_value : unsigned_value;
    return true;
}

double duet_json_double(const struct duet_json_token *token)
{
    double value;
    if (token->text[token->length - 1] == 'N') return NAN;
    if (token->text[token->length - 1] == 'y') return *token->text == '-' ? -INFINITY : INFINITY;
    if (read_short(token, &value)) return value;
    struct parts parts = take_apart(token);
    value = magnitude(token, &parts);
    return parts.negative ? -value : value;
}

bool duet_json_number(const struct duet_json_token *token, double *value)
{
    bool number = token->kind == DUET_JSON_NUMBER;
    if (!number && token->kind != DUET_JSON_BOOL) return false;
    *value = number ? duet_json_double(token) : duet_json_is(token, "true");
    return true;
}

bool duet_json_integer(const struct duet_json_token *token, int64_t *value)
{
    double number = duet_json_double(token);
    if (!(fabs(number) < 9007199254740992.0) || number != floor(number)) return false;
    *value = (int64_t)number;
    return true;
}

bool duet_json_int64(const struct duet_json_token *token, int64_t *value)
{
    const char *text = token->text, *end = text + token->length;
    bool negative = text < end && *text == '-';
    int64_t sum = 0; /* below 0: there is one number more */
    text += negative;
    if (text == end) return false;
    for (; text < end; text++) {
        int digit = *text - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_sub_overflow(sum, digit, &sum))
            return false;
    }
    if (!negative && sum == INT64_MIN) return false;
    *value = negative ? sum : -sum;
    return true;
}
