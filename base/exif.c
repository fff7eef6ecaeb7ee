// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// EXIF 2.32 (CIPA DC-008): its tags as a table, and its fields.
#include "exif.h"

#include "fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NUMBERS 64   // of a field; more are but bytes

#define P KAL__EXIF_PLAIN
#define L KAL__EXIF_LETTERS
#define C KAL__EXIF_CODED
#define W KAL__EXIF_WIDE

static const kal__exif_tag main_tags[] = {
    {254, "NewSubfileType", P, false},
    {256, "ImageWidth", P, false},
    {257, "ImageLength", P, false},
    {258, "BitsPerSample", P, false},
    {259, "Compression", P, false},
    {262, "PhotometricInterpretation", P, false},
    {269, "DocumentName", P, true},
    {270, "ImageDescription", P, true},
    {271, "Make", P, true},
    {272, "Model", P, true},
    {273, "StripOffsets", P, false},
    {274, "Orientation", P, false},
    {277, "SamplesPerPixel", P, false},
    {278, "RowsPerStrip", P, false},
    {279, "StripByteCounts", P, false},
    {282, "XResolution", P, false},
    {283, "YResolution", P, false},
    {284, "PlanarConfiguration", P, false},
    {285, "PageName", P, true},
    {296, "ResolutionUnit", P, false},
    {301, "TransferFunction", P, false},
    {305, "Software", P, true},
    {306, "DateTime", P, true},
    {315, "Artist", P, true},
    {316, "HostComputer", P, true},
    {318, "WhitePoint", P, false},
    {319, "PrimaryChromaticities", P, false},
    {513, "JPEGInterchangeFormat", P, false},
    {514, "JPEGInterchangeFormatLength", P, false},
    {529, "YCbCrCoefficients", P, false},
    {530, "YCbCrSubSampling", P, false},
    {531, "YCbCrPositioning", P, false},
    {532, "ReferenceBlackWhite", P, false},
    {4096, "RelatedImageFileFormat", P, false},
    {4097, "RelatedImageWidth", P, false},
    {4098, "RelatedImageLength", P, false},
    {18246, "Rating", P, true},
    {18249, "RatingPercent", P, true},
    {33432, "Copyright", P, true},
    {34665, "ExifIFDPointer", P, false},
    {34853, "GPSInfoIFDPointer", P, false},
    {40091, "XPTitle", W, true},
    {40092, "XPComment", W, true},
    {40093, "XPAuthor", W, true},
    {40094, "XPKeywords", W, true},
    {40095, "XPSubject", W, true},
    {50341, "PrintImageMatching", P, false},
};

static const kal__exif_tag photo_tags[] = {
    {33434, "ExposureTime", P, true},
    {33437, "FNumber", P, true},
    {34850, "ExposureProgram", P, true},
    {34852, "SpectralSensitivity", P, true},
    {34855, "PhotographicSensitivity", P, true},
    {34856, "OECF", P, true},
    {34864, "SensitivityType", P, true},
    {34865, "StandardOutputSensitivity", P, true},
    {34866, "RecommendedExposureIndex", P, true},
    {34867, "ISOSpeed", P, true},
    {34868, "ISOSpeedLatitudeyyy", P, true},
    {34869, "ISOSpeedLatitudezzz", P, true},
    {36864, "ExifVersion", L, true},
    {36867, "DateTimeOriginal", P, true},
    {36868, "DateTimeDigitized", P, true},
    {36880, "OffsetTime", P, true},
    {36881, "OffsetTimeOriginal", P, true},
    {36882, "OffsetTimeDigitized", P, true},
    {37121, "ComponentsConfiguration", P, false},
    {37122, "CompressedBitsPerPixel", P, false},
    {37377, "ShutterSpeedValue", P, true},
    {37378, "ApertureValue", P, true},
    {37379, "BrightnessValue", P, true},
    {37380, "ExposureBiasValue", P, true},
    {37381, "MaxApertureValue", P, true},
    {37382, "SubjectDistance", P, true},
    {37383, "MeteringMode", P, true},
    {37384, "LightSource", P, true},
    {37385, "Flash", P, true},
    {37386, "FocalLength", P, true},
    {37396, "SubjectArea", P, true},
    {37500, "MakerNote", P, true},
    {37510, "UserComment", C, true},
    {37520, "SubSecTime", P, true},
    {37521, "SubSecTimeOriginal", P, true},
    {37522, "SubSecTimeDigitized", P, true},
    {37888, "Temperature", P, true},
    {37889, "Humidity", P, true},
    {37890, "Pressure", P, true},
    {37891, "WaterDepth", P, true},
    {37892, "Acceleration", P, true},
    {37893, "CameraElevationAngle", P, true},
    {40960, "FlashpixVersion", L, true},
    {40961, "ColorSpace", P, true},
    {40962, "PixelXDimension", P, false},
    {40963, "PixelYDimension", P, false},
    {40964, "RelatedSoundFile", P, true},
    {40965, "InteroperabilityIFDPointer", P, false},
    {41483, "FlashEnergy", P, true},
    {41484, "SpatialFrequencyResponse", P, true},
    {41486, "FocalPlaneXResolution", P, true},
    {41487, "FocalPlaneYResolution", P, true},
    {41488, "FocalPlaneResolutionUnit", P, true},
    {41492, "SubjectLocation", P, true},
    {41493, "ExposureIndex", P, true},
    {41495, "SensingMethod", P, true},
    {41728, "FileSource", P, true},
    {41729, "SceneType", P, true},
    {41730, "CFAPattern", P, true},
    {41985, "CustomRendered", P, true},
    {41986, "ExposureMode", P, true},
    {41987, "WhiteBalance", P, true},
    {41988, "DigitalZoomRatio", P, true},
    {41989, "FocalLengthIn35mmFilm", P, true},
    {41990, "SceneCaptureType", P, true},
    {41991, "GainControl", P, true},
    {41992, "Contrast", P, true},
    {41993, "Saturation", P, true},
    {41994, "Sharpness", P, true},
    {41995, "DeviceSettingDescription", P, true},
    {41996, "SubjectDistanceRange", P, true},
    {42016, "ImageUniqueID", P, true},
    {42032, "CameraOwnerName", P, true},
    {42033, "BodySerialNumber", P, true},
    {42034, "LensSpecification", P, true},
    {42035, "LensMake", P, true},
    {42036, "LensModel", P, true},
    {42037, "LensSerialNumber", P, true},
    {42080, "CompositeImage", P, true},
    {42081, "SourceImageNumberOfCompositeImage", P, true},
    {42082, "SourceExposureTimesOfCompositeImage", P, true},
    {42240, "Gamma", P, true},
};

static const kal__exif_tag place_tags[] = {
    {0, "GPSVersionID", P, true},        {1, "GPSLatitudeRef", P, true},
    {2, "GPSLatitude", P, true},         {3, "GPSLongitudeRef", P, true},
    {4, "GPSLongitude", P, true},        {5, "GPSAltitudeRef", P, true},
    {6, "GPSAltitude", P, true},         {7, "GPSTimeStamp", P, true},
    {8, "GPSSatellites", P, true},       {9, "GPSStatus", P, true},
    {10, "GPSMeasureMode", P, true},     {11, "GPSDOP", P, true},
    {12, "GPSSpeedRef", P, true},        {13, "GPSSpeed", P, true},
    {14, "GPSTrackRef", P, true},        {15, "GPSTrack", P, true},
    {16, "GPSImgDirectionRef", P, true}, {17, "GPSImgDirection", P, true},
    {18, "GPSMapDatum", P, true},        {19, "GPSDestLatitudeRef", P, true},
    {20, "GPSDestLatitude", P, true},    {21, "GPSDestLongitudeRef", P, true},
    {22, "GPSDestLongitude", P, true},   {23, "GPSDestBearingRef", P, true},
    {24, "GPSDestBearing", P, true},     {25, "GPSDestDistanceRef", P, true},
    {26, "GPSDestDistance", P, true},    {27, "GPSProcessingMethod", C, true},
    {28, "GPSAreaInformation", C, true}, {29, "GPSDateStamp", P, true},
    {30, "GPSDifferential", P, true},    {31, "GPSHPositioningError", P, true},
};

static const kal__exif_tag inter_tags[] = {
    {1, "InteroperabilityIndex", P, true},
    {2, "InteroperabilityVersion", L, true},
};

#define ROWS(t)                 \
    {                           \
        t, sizeof t / sizeof *t \
    }
static const struct {
    const kal__exif_tag *rows;
    size_t n;
} tables[] = {ROWS(main_tags), ROWS(photo_tags), ROWS(place_tags), ROWS(inter_tags)};

const kal__exif_tag *kal__exif_tag_of(kal__exif_part part, unsigned tag)
{
    for (size_t i = 0; i < tables[part].n; i++)
        if (tables[part].rows[i].tag == tag) return &tables[part].rows[i];
    return NULL;
}

// ---- fields -------------------------------------------------------------------------------------

// Which byte of a pair is the high one: of most texts it is mostly 0.
static bool high_first(const unsigned char *p, size_t n, bool otherwise)
{
    size_t first = 0, second = 0;
    if (n >= 2 && (p[0] ^ p[1]) == 1 && (p[0] | p[1]) == 0xff) return p[0] == 0xfe;
    for (size_t i = 0; i + 1 < n; i += 2) first += !p[i], second += !p[i + 1];
    return first == second ? otherwise : first > second;
}

static void coded_text(const kal__ifd *t, const kal__ifd_entry *e, const char *name, kal__fields *f)
{
    const unsigned char *p = t->p + e->at;
    if (e->size < 8) return;
    if (!memcmp(p, "UNICODE", 8)) {
        const bool big = high_first(p + 8, e->size - 8, t->big);
        const size_t mark = e->size >= 10 && (p[8] ^ p[9]) == 1 && (p[8] | p[9]) == 0xff ? 2 : 0;
        kal__fields_wide(f, name, p + 8 + mark, e->size - 8 - mark, big);
    } else if (!memcmp(p, "JIS\0\0\0\0", 8)) {
        kal__fields_bytes(f, name, e->size);
    } else {
        const size_t skip = !memcmp(p, "ASCII\0\0", 8) || !memcmp(p, "\0\0\0\0\0\0\0", 8) ? 8 : 0;
        kal__fields_text(f, name, p + skip, strnlen((const char *)p + skip, e->size - skip), false);
    }
}

static void put_value(kal__text *to, const kal__ifd *t, const kal__ifd_entry *e, size_t i)
{
    double r[2];
    kal__ifd_rational(t, e, i, r);
    if (r[1] == 1)
        kal__putf(to, "%.0f", r[0]);
    else
        kal__putf(to, "%.0f/%.0f", r[0], r[1]);
}

static void numbers(const kal__ifd *t, const kal__ifd_entry *e, const char *name, kal__fields *f)
{
    double v[MOST_NUMBERS];
    kal__text text = {0};
    const bool rational = e->type == KAL__IFD_RATIONAL || e->type == KAL__IFD_SRATIONAL;
    for (size_t i = 0; i < e->count; i++) {
        v[i] = kal__ifd_number(t, e, i);
        if (rational && i) kal__puts(&text, ", ");
        if (rational) put_value(&text, t, e, i);
    }
    if (rational) kal__put(&text, "", 1);
    f->failed |= text.failed;
    if (!f->failed) kal__fields_numbers(f, name, v, e->count, rational ? text.data : NULL);
    free(text.data);
}

static void field(const kal__ifd *t, const kal__ifd_entry *e, const kal__exif_tag *known, const char *name,
                  kal__fields *f)
{
    const unsigned char *p = t->p + e->at;
    const kal__exif_how how = known ? known->how : KAL__EXIF_PLAIN;
    if (how == KAL__EXIF_WIDE)
        kal__fields_wide(f, name, p, e->size, false);
    else if (how == KAL__EXIF_CODED)
        coded_text(t, e, name, f);
    else if (how == KAL__EXIF_LETTERS || e->type == KAL__IFD_ASCII)
        kal__fields_text(f, name, p, strnlen((const char *)p, e->size), false);
    else if (e->count > MOST_NUMBERS || (e->type == KAL__IFD_UNDEFINED && (!known || e->count > 8)))
        kal__fields_bytes(f, name, e->size);
    else
        numbers(t, e, name, f);
}

static bool is_pointer(unsigned tag)
{
    return tag == KAL__EXIF_POINTER || tag == KAL__EXIF_GPS || tag == KAL__EXIF_INTEROP;
}

static void directory(const kal__ifd *t, size_t at, kal__exif_part part, const char *prefix, kal__fields *f)
{
    char name[96];
    kal__ifd_entry e;
    const size_t n = kal__ifd_count(t, at);
    for (size_t i = 0; i < n && !f->failed; i++) {
        if (!kal__ifd_at(t, at, i, &e) || is_pointer(e.tag)) continue;
        const kal__exif_tag *known = kal__exif_tag_of(part, e.tag);
        for (size_t k = 0; k < 2 && !known && part <= KAL__EXIF_PHOTO; k++)   // either may stand in the other
            known = kal__exif_tag_of((kal__exif_part)k, e.tag);
        if (known)
            snprintf(name, sizeof name, "%s.%s", prefix, known->name);
        else
            snprintf(name, sizeof name, "%s.0x%04x", prefix, e.tag);
        field(t, &e, known, name, f);
    }
}

// Degrees, minutes and seconds as degrees; south and west are negative.
static void degrees(const kal__ifd *t, size_t gps, unsigned tag, const char *name, kal__fields *f)
{
    static const double seconds[3] = {3600, 60, 1};
    kal__ifd_entry e, ref;
    double v = 0;
    if (!kal__ifd_find(t, gps, tag, &e) || (e.type != KAL__IFD_RATIONAL && e.type != KAL__IFD_SRATIONAL))
        return;
    for (size_t i = 0; i < e.count && i < 3; i++) {
        const double part = kal__ifd_number(t, &e, i);
        if (isfinite(part)) v += part * seconds[i];
        if (!isfinite(part) && !i) return;
    }
    v /= seconds[0];
    const bool said = kal__ifd_find(t, gps, tag - 1, &ref) && ref.type == KAL__IFD_ASCII;
    const unsigned char letter = said ? t->p[ref.at] : 0;
    if (letter == 'S' || letter == 'W') v = -v;
    kal__fields_numbers(f, name, &v, 1, NULL);
}

static void altitude(const kal__ifd *t, size_t gps, kal__fields *f)
{
    kal__ifd_entry e, ref;
    if (!kal__ifd_find(t, gps, 6, &e)) return;
    double v = kal__ifd_number(t, &e, 0);
    if (kal__ifd_find(t, gps, 5, &ref) && kal__ifd_number(t, &ref, 0) == 1) v = -v;
    if (isfinite(v)) kal__fields_numbers(f, "gps.altitude", &v, 1, NULL);
}

void kal__exif_fields(const kal__blob *exif, kal__fields *f)
{
    kal__ifd t;
    if (!exif->size || !kal__ifd_open(&t, exif->data, exif->size)) return;
    const size_t photo = kal__ifd_sub(&t, t.first, KAL__EXIF_POINTER);
    const size_t gps = kal__ifd_sub(&t, t.first, KAL__EXIF_GPS);
    directory(&t, t.first, KAL__EXIF_MAIN, "exif", f);
    directory(&t, photo, KAL__EXIF_PHOTO, "exif", f);
    directory(&t, kal__ifd_sub(&t, photo, KAL__EXIF_INTEROP), KAL__EXIF_INTER, "exif", f);
    directory(&t, gps, KAL__EXIF_PLACE, "exif", f);
    degrees(&t, gps, 2, "gps.latitude", f);
    degrees(&t, gps, 4, "gps.longitude", f);
    altitude(&t, gps, f);
    directory(&t, kal__ifd_next(&t, t.first), KAL__EXIF_MAIN, "preview", f);
}
